-- 启用备用终端: the endpoint that a meeting turned to in a venue; the newest holds, for that meeting alone.
CREATE TABLE meeting_endpoints (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    venue_id   INTEGER NOT NULL REFERENCES venues (id),
    device_id  TEXT NOT NULL REFERENCES devices (id),
    at_ms      INTEGER NOT NULL,
    login      TEXT NOT NULL CHECK (login <> '') -- who, as they logged in
) STRICT;
CREATE INDEX meeting_endpoints_by_meeting ON meeting_endpoints (meeting_id, id);
CREATE INDEX meeting_endpoints_by_venue ON meeting_endpoints (venue_id);
CREATE INDEX meeting_endpoints_by_device ON meeting_endpoints (device_id);
CREATE TRIGGER meeting_endpoints_never_change BEFORE UPDATE ON meeting_endpoints
BEGIN
    SELECT RAISE(ABORT, 'what a meeting turned to is never changed');
END;
CREATE TRIGGER meeting_endpoints_never_go BEFORE DELETE ON meeting_endpoints
BEGIN
    SELECT RAISE(ABORT, 'what a meeting turned to is never deleted');
END;
