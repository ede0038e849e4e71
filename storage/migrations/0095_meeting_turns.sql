-- 应急预案: what a meeting turned to where a venue of it fails. Undone, never deleted.
CREATE TABLE meeting_turns (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    meeting_id   INTEGER NOT NULL REFERENCES meetings (id),
    venue_id     INTEGER NOT NULL REFERENCES venues (id),  -- that fails; its reservation is kept
    to_venue_id  INTEGER REFERENCES venues (id),           -- 改用会场
    resource_id  INTEGER REFERENCES platform_resources (id), -- 电话会议
    taken        INTEGER NOT NULL CHECK (taken IN (0, 1)), -- 1: it was reserved for this, and was not before
    what         TEXT NOT NULL, -- what fails, in words
    at_ms        INTEGER NOT NULL,
    login        TEXT NOT NULL CHECK (login <> ''), -- who, as they logged in
    undone_ms    INTEGER,
    undone_login TEXT,
    CHECK ((to_venue_id IS NULL) <> (resource_id IS NULL)),
    CHECK ((undone_ms IS NULL) = (undone_login IS NULL))
) STRICT;
CREATE INDEX meeting_turns_by_meeting ON meeting_turns (meeting_id, id);
CREATE INDEX meeting_turns_by_venue ON meeting_turns (venue_id);
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

-- How a telephone conference is reached: whoever takes part is told both.
ALTER TABLE platform_resources ADD COLUMN dial TEXT NOT NULL DEFAULT '';
ALTER TABLE platform_resources ADD COLUMN pass_code TEXT NOT NULL DEFAULT '';
