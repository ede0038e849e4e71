-- 启用备用终端 is a turn as the others are: with its reason, told, and undone. Of a venue the newest that was not
-- undone holds.
CREATE TABLE turns_anew (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    meeting_id   INTEGER NOT NULL REFERENCES meetings (id),
    venue_id     INTEGER NOT NULL REFERENCES venues (id),  -- that fails; its reservation is kept
    device_id    TEXT REFERENCES devices (id),             -- 备用终端 of the venue
    to_venue_id  INTEGER REFERENCES venues (id),           -- 改用会场
    resource_id  INTEGER REFERENCES platform_resources (id), -- 电话会议
    taken        INTEGER NOT NULL CHECK (taken IN (0, 1)), -- 1: it was reserved for this, and was not before
    what         TEXT NOT NULL, -- what fails, in words
    at_ms        INTEGER NOT NULL,
    login        TEXT NOT NULL CHECK (login <> ''), -- who, as they logged in
    undone_ms    INTEGER,
    undone_login TEXT,
    CHECK ((device_id IS NOT NULL) + (to_venue_id IS NOT NULL) + (resource_id IS NOT NULL) = 1),
    CHECK ((undone_ms IS NULL) = (undone_login IS NULL))
) STRICT;
INSERT INTO turns_anew SELECT id, meeting_id, venue_id, NULL, to_venue_id, resource_id, taken, what, at_ms, login,
    undone_ms, undone_login FROM meeting_turns;
INSERT INTO turns_anew (meeting_id, venue_id, device_id, taken, what, at_ms, login)
    SELECT meeting_id, venue_id, device_id, 0, '', at_ms, login FROM meeting_endpoints ORDER BY id;
DROP TABLE meeting_turns;
DROP TABLE meeting_endpoints;
ALTER TABLE turns_anew RENAME TO meeting_turns;
CREATE INDEX meeting_turns_by_meeting ON meeting_turns (meeting_id, id);
CREATE INDEX meeting_turns_by_venue ON meeting_turns (venue_id);
CREATE INDEX meeting_turns_by_device ON meeting_turns (device_id);
CREATE INDEX meeting_turns_by_to_venue ON meeting_turns (to_venue_id);
CREATE INDEX meeting_turns_by_resource ON meeting_turns (resource_id);
CREATE TRIGGER meeting_turns_are_undone_once BEFORE UPDATE ON meeting_turns
WHEN OLD.undone_ms IS NOT NULL OR NEW.undone_ms IS NULL
BEGIN
    SELECT RAISE(ABORT, 'what a meeting turned to is only undone, and once');
END;
CREATE TRIGGER meeting_turns_never_go BEFORE DELETE ON meeting_turns
BEGIN
    SELECT RAISE(ABORT, 'what a meeting turned to is never deleted');
END;
