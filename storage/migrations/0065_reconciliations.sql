-- 平台状态核对: what another platform exported of its devices, beside what the probes had found at that time.
-- Kept as it was made: rows are added with it and never changed.
CREATE TABLE reconciliations (
    id        INTEGER PRIMARY KEY NOT NULL,
    token     TEXT NOT NULL UNIQUE CHECK (token <> ''), -- the same act sent again makes no second one
    made_ms   INTEGER NOT NULL,
    login     TEXT NOT NULL,  -- who made it
    file_name TEXT NOT NULL,
    sha256    TEXT NOT NULL CHECK (length(sha256) = 64), -- of the file, lower-case hex
    as_of_ms  INTEGER NOT NULL, -- of rows without a time of their own
    columns   TEXT NOT NULL,    -- JSON: reconcile::StatusColumn to the heading it was taken from
    cameras   INTEGER NOT NULL CHECK (cameras >= 0) -- in use in the ledger when it was made
) STRICT;

CREATE TABLE reconciliation_rows (
    reconciliation_id INTEGER NOT NULL REFERENCES reconciliations (id),
    position   INTEGER NOT NULL, -- order of the file, then those that are not in it
    file_row   INTEGER,          -- as a spreadsheet numbers it; NULL: not in the file
    code       TEXT,             -- 国标编码, IP and name as the file has them
    ip         TEXT,
    name       TEXT,
    said       TEXT NOT NULL,    -- its status as it stands there
    claim      TEXT CHECK (claim IN ('online', 'offline')),
    at_ms      INTEGER NOT NULL, -- the moment compared
    device_id  TEXT REFERENCES devices (id),
    matched_by TEXT CHECK (matched_by IN ('id', 'national_code', 'ip', 'name')),
    measured   TEXT CHECK (measured IN ('online', 'offline', 'unknown', 'not_probed')),
    since_ms   INTEGER,          -- since when it was so measured
    faults     TEXT NOT NULL,    -- JSON array of fault codes
    outcome    TEXT NOT NULL,    -- reconcile::ReconcileOutcome
    doubt      TEXT,             -- reconcile::RowDoubt
    PRIMARY KEY (reconciliation_id, position),
    CHECK ((outcome = 'unclear') = (doubt IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX reconciliation_rows_by_outcome ON reconciliation_rows (reconciliation_id, outcome, position);
CREATE INDEX reconciliation_rows_by_device ON reconciliation_rows (device_id);

CREATE TRIGGER reconciliations_never_change BEFORE UPDATE ON reconciliations
BEGIN
    SELECT RAISE(ABORT, 'a reconciliation is never changed');
END;
CREATE TRIGGER reconciliations_never_go BEFORE DELETE ON reconciliations
BEGIN
    SELECT RAISE(ABORT, 'a reconciliation is never deleted');
END;
CREATE TRIGGER reconciliation_rows_never_change BEFORE UPDATE ON reconciliation_rows
BEGIN
    SELECT RAISE(ABORT, 'a reconciliation is never changed');
END;
CREATE TRIGGER reconciliation_rows_never_go BEFORE DELETE ON reconciliation_rows
BEGIN
    SELECT RAISE(ABORT, 'a reconciliation is never deleted');
END;
