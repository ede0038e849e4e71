-- 立即检查 that waits until the one under way is through: one of a kind, and none that a wider one covers.
CREATE TABLE asked_checks (
    id         INTEGER PRIMARY KEY NOT NULL,
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    venue_id   INTEGER REFERENCES venues (id), -- NULL: all
    item       TEXT,                           -- domain::check::CheckItem; NULL: all
    at_ms      INTEGER NOT NULL,
    login      TEXT NOT NULL                   -- who asks
) STRICT;
CREATE UNIQUE INDEX asked_checks_once
    ON asked_checks (meeting_id, coalesce(venue_id, 0), coalesce(item, ''));
CREATE INDEX asked_checks_by_venue ON asked_checks (venue_id);
