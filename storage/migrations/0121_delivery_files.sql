-- How each file of a publication that is to lie in a folder stands: one that fails keeps no other back.
CREATE TABLE delivery_files (
    seq      INTEGER NOT NULL REFERENCES publications (seq),
    folder   TEXT NOT NULL,
    format   TEXT NOT NULL,    -- report::Format
    tried_ms INTEGER NOT NULL, -- when it was last tried
    problem  TEXT NOT NULL,    -- why it failed then; '': it was written
    PRIMARY KEY (seq, folder, format)
) STRICT, WITHOUT ROWID;
