-- 巡检: what a person signed for a day: what the probes had found up to then, and what they looked at
-- themselves. Never changed; what is to be put right is added below it.
CREATE TABLE inspections (
    day       TEXT PRIMARY KEY NOT NULL CHECK (length(day) = 10), -- local, YYYY-MM-DD
    seen      TEXT NOT NULL, -- JSON: Inspected, as the probes had it
    items     TEXT NOT NULL, -- JSON array of inspection::InspectedItem
    signed_ms INTEGER NOT NULL,
    login     TEXT NOT NULL CHECK (login <> ''),  -- who, as they logged in
    signer    TEXT NOT NULL CHECK (signer <> '')  -- by name
) STRICT, WITHOUT ROWID;

CREATE TABLE inspection_additions (
    id     INTEGER PRIMARY KEY NOT NULL,
    day    TEXT NOT NULL REFERENCES inspections (day),
    at_ms  INTEGER NOT NULL,
    login  TEXT NOT NULL CHECK (login <> ''),
    signer TEXT NOT NULL CHECK (signer <> ''),
    note   TEXT NOT NULL CHECK (note <> '')
) STRICT;
CREATE INDEX inspection_additions_by_day ON inspection_additions (day, id);

CREATE TRIGGER inspections_never_change BEFORE UPDATE ON inspections
BEGIN
    SELECT RAISE(ABORT, 'a signed inspection is never changed');
END;
CREATE TRIGGER inspections_never_go BEFORE DELETE ON inspections
BEGIN
    SELECT RAISE(ABORT, 'a signed inspection is never deleted');
END;
CREATE TRIGGER inspection_additions_never_change BEFORE UPDATE ON inspection_additions
BEGIN
    SELECT RAISE(ABORT, 'an addition to an inspection is never changed');
END;
CREATE TRIGGER inspection_additions_never_go BEFORE DELETE ON inspection_additions
BEGIN
    SELECT RAISE(ABORT, 'an addition to an inspection is never deleted');
END;
