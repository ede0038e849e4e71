-- Who did or looked at what. Rows are added, never changed.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms   INTEGER NOT NULL,
    login   TEXT NOT NULL,  -- who, as they logged in; as typed where the login failed
    action  TEXT NOT NULL CHECK (action <> ''), -- stable word, e.g. login, view_evidence
    subject TEXT NOT NULL,  -- what it was about, e.g. a device id; never a secret
    address TEXT NOT NULL   -- from where: the peer's IP, '' where unknown
) STRICT;
CREATE INDEX audit_by_time ON audit (at_ms);
