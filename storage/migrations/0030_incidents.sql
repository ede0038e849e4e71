-- 故障: what is confirmed of single devices, one incident for each root.

-- Which of the last results of a device were lost (domain::incident::flapping::Recent, JSON).
ALTER TABLE standings ADD COLUMN recent TEXT NOT NULL DEFAULT '{}';

CREATE TABLE incidents (
    id                 INTEGER PRIMARY KEY NOT NULL, -- 故障号
    since_ms           INTEGER NOT NULL, -- the first failure of its first device
    closed_ms          INTEGER,          -- NULL while it lasts
    merged_into        INTEGER REFERENCES incidents (id), -- it turned out to be part of that one
    -- Its root (domain::incident::Root), or the agent that it is about.
    root               TEXT NOT NULL CHECK (root IN ('device', 'site', 'street', 'maintainer', 'district', 'observer')),
    seen               TEXT CHECK (seen IN ('probed', 'inferred')), -- how a device is known to be the root
    root_device_id     TEXT REFERENCES devices (id),
    root_site_id       TEXT REFERENCES sites (id),
    root_street_id     TEXT REFERENCES streets (id),
    root_maintainer_id TEXT REFERENCES maintainers (id),
    agent              TEXT,
    agent_fault        TEXT,             -- domain::incident::ObserverFault
    devices            INTEGER NOT NULL CHECK (devices >= 0),  -- all that were ever in it
    open_devices       INTEGER NOT NULL CHECK (open_devices BETWEEN 0 AND devices),
    down_devices       INTEGER NOT NULL CHECK (down_devices BETWEEN 0 AND open_devices), -- or flapping
    CHECK ((root = 'observer') = (agent IS NOT NULL AND agent_fault IS NOT NULL)),
    CHECK (merged_into IS NULL OR (merged_into < id AND closed_ms IS NOT NULL))
) STRICT;
CREATE INDEX incidents_open ON incidents (since_ms) WHERE closed_ms IS NULL;
CREATE INDEX incidents_by_end ON incidents (closed_ms) WHERE closed_ms IS NOT NULL;
CREATE INDEX incidents_merged ON incidents (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX incidents_by_root_device ON incidents (root_device_id);
CREATE INDEX incidents_by_root_site ON incidents (root_site_id);
CREATE INDEX incidents_by_root_street ON incidents (root_street_id);
CREATE INDEX incidents_by_root_maintainer ON incidents (root_maintainer_id);

-- The devices of an incident (domain::incident::Member). Those of one that was merged belong to the other.
CREATE TABLE incident_members (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    device_id   TEXT NOT NULL REFERENCES devices (id),
    since_ms    INTEGER NOT NULL, -- its first failure in this incident
    after_ms    INTEGER NOT NULL, -- it was well at this time before
    last_ms     INTEGER NOT NULL, -- its last first failure
    until_ms    INTEGER,          -- when it recovered or left
    state       TEXT NOT NULL CHECK (state IN ('down', 'flapping', 'unsure', 'recovered', 'gone')),
    reached     INTEGER NOT NULL CHECK (reached IN (0, 1)),
    faults      TEXT NOT NULL,    -- JSON array of fault codes
    PRIMARY KEY (incident_id, device_id),
    CHECK ((until_ms IS NULL) = (state IN ('down', 'flapping', 'unsure')))
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_members_by_device ON incident_members (device_id, since_ms);
-- No device is in two open incidents.
CREATE UNIQUE INDEX incident_members_open ON incident_members (device_id) WHERE until_ms IS NULL;

-- What happened to an incident. Rows are only ever added.
CREATE TABLE incident_steps (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    at_ms       INTEGER NOT NULL,
    act         TEXT NOT NULL CHECK (act IN ('open', 'close', 'reopen', 'merge')),
    other_id    INTEGER REFERENCES incidents (id) -- what was merged into it
) STRICT;
CREATE INDEX incident_steps_by_incident ON incident_steps (incident_id, id);
CREATE INDEX incident_steps_by_other ON incident_steps (other_id);

-- What was confirmed and is not judged yet: written with the result, taken away with the judgement.
CREATE TABLE incident_feed (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT REFERENCES devices (id), -- NULL: of an agent
    body      TEXT NOT NULL                 -- JSON: DeviceEvent or ObserverEvent
) STRICT;
CREATE INDEX incident_feed_by_device ON incident_feed (device_id);

-- What is down already.
INSERT INTO incident_feed (device_id, body)
SELECT device_id, json_object('device', device_id, 'at', since_ms, 'after', NULL, 'state', state,
    'reached', json(iif(reached, 'true', 'false')), 'faults', json(faults), 'manner', 'steady')
FROM standings WHERE state = 'down' ORDER BY since_ms, device_id;
