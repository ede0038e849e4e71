-- What proves an exclusion: photos and documents, whose files lie beside the photos of repairs.
CREATE TABLE exclusion_files (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    exclusion_id TEXT NOT NULL REFERENCES exclusions (id),
    key          TEXT NOT NULL UNIQUE, -- path below their directory
    at_ms        INTEGER NOT NULL,     -- when it was uploaded
    login        TEXT NOT NULL,        -- by whom
    bytes        INTEGER NOT NULL CHECK (bytes > 0),
    sha256       TEXT NOT NULL CHECK (length(sha256) = 64) -- lower-case hex
) STRICT;
CREATE INDEX exclusion_files_by_exclusion ON exclusion_files (exclusion_id, id);
CREATE TRIGGER exclusion_files_never_change BEFORE UPDATE ON exclusion_files
BEGIN
    SELECT RAISE(ABORT, 'what proves an exclusion is never changed');
END;
