-- The inspection of a day as it stood when the timetable wrote it; it is signed, or not, as it is.
CREATE TABLE inspection_mornings (
    day   TEXT PRIMARY KEY NOT NULL CHECK (length(day) = 10), -- local, YYYY-MM-DD
    seen  TEXT NOT NULL, -- JSON: Inspected
    items TEXT NOT NULL  -- JSON array of inspection::InspectedItem, none with a result
) STRICT, WITHOUT ROWID;
CREATE TRIGGER inspection_mornings_never_change BEFORE UPDATE ON inspection_mornings
BEGIN
    SELECT RAISE(ABORT, 'an inspection stays as it was seen');
END;
CREATE TRIGGER inspection_mornings_never_go BEFORE DELETE ON inspection_mornings
BEGIN
    SELECT RAISE(ABORT, 'an inspection is never deleted');
END;
-- Files of them that were written to a folder, each once.
CREATE TABLE inspection_files (
    day    TEXT NOT NULL REFERENCES inspection_mornings (day),
    folder TEXT NOT NULL,
    format TEXT NOT NULL,
    at_ms  INTEGER NOT NULL,
    PRIMARY KEY (day, folder, format)
) STRICT, WITHOUT ROWID;
