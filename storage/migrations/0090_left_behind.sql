-- Who is still down long after its root recovered has an incident of its own (domain::incident).
CREATE TABLE incident_members_new (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    device_id   TEXT NOT NULL REFERENCES devices (id),
    since_ms    INTEGER NOT NULL, -- its first failure in this incident
    after_ms    INTEGER NOT NULL, -- it was well at this time before
    last_ms     INTEGER NOT NULL, -- its last first failure
    until_ms    INTEGER,          -- when it recovered, left or parted
    state       TEXT NOT NULL CHECK (state IN ('down', 'flapping', 'faulty', 'unsure', 'recovered', 'gone', 'parted')),
    reached     INTEGER NOT NULL CHECK (reached IN (0, 1)),
    faults      TEXT NOT NULL,    -- JSON array of fault codes
    PRIMARY KEY (incident_id, device_id),
    CHECK ((until_ms IS NULL) = (state IN ('down', 'flapping', 'faulty', 'unsure')))
) STRICT, WITHOUT ROWID;
INSERT INTO incident_members_new SELECT * FROM incident_members;
DROP TABLE incident_members;
ALTER TABLE incident_members_new RENAME TO incident_members;
CREATE INDEX incident_members_by_device ON incident_members (device_id, since_ms);
-- No device is in two open incidents.
CREATE UNIQUE INDEX incident_members_open ON incident_members (device_id) WHERE until_ms IS NULL;

CREATE TABLE incident_steps_new (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    at_ms       INTEGER NOT NULL,
    act         TEXT NOT NULL CHECK (act IN ('open', 'close', 'reopen', 'merge', 'part')),
    other_id    INTEGER REFERENCES incidents (id) -- what was merged into it, or what it parted from
) STRICT;
INSERT INTO incident_steps_new SELECT * FROM incident_steps;
DROP TABLE incident_steps;
ALTER TABLE incident_steps_new RENAME TO incident_steps;
CREATE INDEX incident_steps_by_incident ON incident_steps (incident_id, id);
CREATE INDEX incident_steps_by_other ON incident_steps (other_id);
