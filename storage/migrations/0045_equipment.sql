-- What is expected of equipment that is no camera, and what its items (监控项) measured.

-- 监控项 as the ledger has them (domain::Checks as text).
ALTER TABLE devices ADD COLUMN checks TEXT CHECK (checks <> '');

-- Hourly rollups of items, as of measures; the unit is that of the ledger.
CREATE TABLE item_measures (
    device_id TEXT NOT NULL REFERENCES devices (id),
    hour      INTEGER NOT NULL, -- UTC hours since 1970-01-01T00:00:00Z
    item      TEXT NOT NULL CHECK (item <> ''),
    n         INTEGER NOT NULL CHECK (n > 0),
    sum       REAL NOT NULL,
    min       REAL NOT NULL,
    max       REAL NOT NULL,
    PRIMARY KEY (device_id, hour, item)
) STRICT, WITHOUT ROWID;
