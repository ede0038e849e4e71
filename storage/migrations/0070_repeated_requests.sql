-- What programs sent with an Idempotency-Key, and what they were answered; kept for a day.
CREATE TABLE repeated_requests (
    key    TEXT PRIMARY KEY NOT NULL, -- SHA-256 of who asks and the key they gave, lower-case hex
    asked  TEXT NOT NULL,             -- SHA-256 of method, address and body, lower-case hex
    at_ms  INTEGER NOT NULL,          -- when it was first asked
    status INTEGER,                   -- of the answer; NULL: it is being worked on
    kind   TEXT NOT NULL DEFAULT '',  -- content type of the answer
    body   BLOB NOT NULL DEFAULT x'',
    CHECK (status IS NULL OR status BETWEEN 100 AND 499)
) STRICT;
CREATE INDEX repeated_requests_by_time ON repeated_requests (at_ms);
