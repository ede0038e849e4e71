-- 就绪报告: what the chair of a meeting was told before it, once for each time that it was to begin at.
CREATE TABLE meeting_reports (
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    from_ms    INTEGER NOT NULL, -- when it was to begin
    at_ms      INTEGER NOT NULL,
    told       TEXT NOT NULL,    -- JSON array: names of the chairs; [] where none was named
    messages   INTEGER NOT NULL CHECK (messages >= 0), -- 0: nobody could be reached
    sentence   TEXT NOT NULL,
    PRIMARY KEY (meeting_id, from_ms)
) STRICT, WITHOUT ROWID;
