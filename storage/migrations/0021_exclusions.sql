-- 剔除: periods that do not count. Rows are added, never changed: how an exclusion stands is what
-- was done to it.
CREATE TABLE exclusions (
    id            TEXT PRIMARY KEY NOT NULL,
    device_id     TEXT REFERENCES devices (id),
    site_id       TEXT REFERENCES sites (id),
    street_id     TEXT REFERENCES streets (id),
    maintainer_id TEXT REFERENCES maintainers (id), -- of those only what it maintains; NULL: all
    from_ms       INTEGER NOT NULL CHECK (from_ms % 60000 = 0),
    to_ms         INTEGER NOT NULL CHECK (to_ms % 60000 = 0),
    reason        TEXT NOT NULL,                       -- domain::ExclusionReason
    evidence      TEXT NOT NULL CHECK (evidence <> ''), -- what proves it: a notice, its number
    CHECK (from_ms < to_ms),
    CHECK ((device_id IS NOT NULL) + (site_id IS NOT NULL) + (street_id IS NOT NULL) = 1)
) STRICT;
CREATE INDEX exclusions_by_device ON exclusions (device_id);
CREATE INDEX exclusions_by_site ON exclusions (site_id);
CREATE INDEX exclusions_by_street ON exclusions (street_id);
CREATE INDEX exclusions_by_maintainer ON exclusions (maintainer_id);
CREATE INDEX exclusions_by_end ON exclusions (to_ms);

CREATE TABLE exclusion_steps (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    exclusion_id TEXT NOT NULL REFERENCES exclusions (id),
    at_ms        INTEGER NOT NULL,
    login        TEXT NOT NULL, -- who, as they logged in
    act          TEXT NOT NULL, -- domain::ExclusionAct
    note         TEXT NOT NULL
) STRICT;
CREATE INDEX exclusion_steps_by_exclusion ON exclusion_steps (exclusion_id, id);

CREATE TRIGGER exclusions_never_change BEFORE UPDATE ON exclusions
BEGIN
    SELECT RAISE(ABORT, 'an exclusion is never changed');
END;
CREATE TRIGGER exclusions_never_go BEFORE DELETE ON exclusions
BEGIN
    SELECT RAISE(ABORT, 'an exclusion is never deleted');
END;
CREATE TRIGGER exclusion_steps_never_change BEFORE UPDATE ON exclusion_steps
BEGIN
    SELECT RAISE(ABORT, 'what was done to an exclusion is never changed');
END;
CREATE TRIGGER exclusion_steps_never_go BEFORE DELETE ON exclusion_steps
BEGIN
    SELECT RAISE(ABORT, 'what was done to an exclusion is never deleted');
END;
