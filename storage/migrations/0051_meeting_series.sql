-- Meetings that repeat. Each occurrence is a meeting of its own, so what is over is never rewritten.
CREATE TABLE meeting_series (
    id    INTEGER PRIMARY KEY NOT NULL,
    rule  TEXT NOT NULL CHECK (rule <> ''), -- RRULE of RFC 5545, on the clock on the wall
    at_ms INTEGER NOT NULL,                 -- when it was booked
    login TEXT NOT NULL                     -- by whom
) STRICT;
ALTER TABLE meetings ADD COLUMN series_id INTEGER REFERENCES meeting_series (id);
CREATE INDEX meetings_by_series ON meetings (series_id, from_ms);

-- 日历订阅: read-only addresses of one venue's or one person's meetings. A revoked one stays in the list.
CREATE TABLE calendar_feeds (
    id         INTEGER PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL CHECK (name <> ''),
    sha256     TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64), -- of the token, lower-case hex
    venue_id   INTEGER REFERENCES venues (id),
    person     TEXT, -- whose meetings, as they log in
    created_ms INTEGER NOT NULL,
    login      TEXT NOT NULL, -- who made it
    revoked_ms INTEGER,
    CHECK ((venue_id IS NULL) <> (person IS NULL))
) STRICT;
CREATE INDEX calendar_feeds_by_venue ON calendar_feeds (venue_id);

-- 会议通知 and 回执: one row for each contact each time notices are made. The address of the answer is
-- derived from the row under the master key, so it is not kept.
CREATE TABLE meeting_notices (
    id         INTEGER PRIMARY KEY NOT NULL,
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    revision   INTEGER NOT NULL, -- of the meeting, as it was told
    name       TEXT NOT NULL,
    unit       TEXT NOT NULL,
    phone      TEXT NOT NULL,
    made_ms    INTEGER NOT NULL,
    login      TEXT NOT NULL, -- who made it
    acked_ms   INTEGER,
    answer     TEXT CHECK (answer IN ('attending', 'declined')),
    person     TEXT, -- who attends, as the contact wrote
    CHECK ((acked_ms IS NULL) = (answer IS NULL))
) STRICT;
CREATE INDEX meeting_notices_by_meeting ON meeting_notices (meeting_id, id);
