-- 口径: versions of accounting policies. A version is written once and never changed, so that a
-- figure that names it can be made again.
CREATE TABLE policies (
    id         TEXT NOT NULL CHECK (id <> ''),
    version    INTEGER NOT NULL CHECK (version > 0),
    body       TEXT NOT NULL,    -- JSON: Policy
    created_ms INTEGER NOT NULL, -- 0: it came with the platform
    login      TEXT NOT NULL,    -- who wrote it, as they logged in; '' for those that came with us
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER policies_never_change BEFORE UPDATE ON policies
BEGIN
    SELECT RAISE(ABORT, 'a version of a policy is never changed');
END;
CREATE TRIGGER policies_never_go BEFORE DELETE ON policies
BEGIN
    SELECT RAISE(ABORT, 'a version of a policy is never deleted');
END;

-- What the ledger said of a device, dated: from `from_ms` until the next row. A minute of last month
-- counts for the class, site and maintainer of last month.
CREATE TABLE placements (
    device_id      TEXT NOT NULL REFERENCES devices (id),
    from_ms        INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    site_id        TEXT NOT NULL REFERENCES sites (id),
    department_id  TEXT REFERENCES departments (id),
    maintainer_id  TEXT REFERENCES maintainers (id),
    parent_id      TEXT REFERENCES devices (id),
    police_station TEXT,
    class          TEXT,
    connected      INTEGER NOT NULL CHECK (connected IN (0, 1)), -- has an address to open
    PRIMARY KEY (device_id, from_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX placements_by_site ON placements (site_id);
CREATE INDEX placements_by_department ON placements (department_id);
CREATE INDEX placements_by_maintainer ON placements (maintainer_id);
CREATE INDEX placements_by_parent ON placements (parent_id);

-- Of the past only the present is known, since when each device is probed, and when it was: what has
-- transitions was known to us and had an address when they came. So a camera that was disabled and
-- came back keeps the minutes before, and one that lost its address those up to its last transition.
WITH results AS (
    SELECT id,
        (SELECT min(at_ms) FROM transitions WHERE device_id = devices.id) AS first_ms,
        (SELECT max(at_ms) FROM transitions WHERE device_id = devices.id) AS last_ms
    FROM devices),
past AS (
    SELECT d.*,
        min(d.created_ms, ifnull(r.first_ms, d.created_ms)) AS from_ms,
        -- When it got or lost its address; NULL: it had always one, or never.
        CASE WHEN d.url IS NULL THEN r.last_ms
             WHEN r.first_ms < d.probed_since_ms THEN NULL
             ELSE d.probed_since_ms END AS turned_ms
    FROM devices d JOIN results r ON r.id = d.id)
INSERT INTO placements
SELECT id, from_ms, kind, site_id, department_id, maintainer_id, parent_id, police_station, class,
       CASE WHEN turned_ms > from_ms THEN url IS NULL ELSE url IS NOT NULL END
FROM past
UNION ALL
SELECT id, turned_ms, kind, site_id, department_id, maintainer_id, parent_id, police_station, class,
       url IS NOT NULL
FROM past WHERE turned_ms > from_ms;

-- Kept by the engine, so that nobody who writes a device can forget it. A clock that was set back
-- dates nothing before what is there.
CREATE TRIGGER devices_are_placed AFTER INSERT ON devices
BEGIN
    INSERT INTO placements VALUES (new.id, new.changed_ms, new.kind, new.site_id, new.department_id,
        new.maintainer_id, new.parent_id, new.police_station, new.class, new.url IS NOT NULL);
END;
CREATE TRIGGER devices_are_replaced AFTER UPDATE ON devices
WHEN (old.kind, old.site_id, old.department_id, old.maintainer_id, old.parent_id,
      old.police_station, old.class, old.url IS NULL)
  IS NOT (new.kind, new.site_id, new.department_id, new.maintainer_id, new.parent_id,
      new.police_station, new.class, new.url IS NULL)
BEGIN
    INSERT OR REPLACE INTO placements VALUES (new.id,
        max(new.changed_ms,
            ifnull((SELECT max(from_ms) FROM placements WHERE device_id = new.id), new.changed_ms)),
        new.kind, new.site_id, new.department_id, new.maintainer_id, new.parent_id,
        new.police_station, new.class, new.url IS NOT NULL);
END;
