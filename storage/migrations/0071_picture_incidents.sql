-- Picture faults are incidents too (domain::incident::Shown, JSON: what the last judged pictures show).
ALTER TABLE standings ADD COLUMN shown TEXT NOT NULL DEFAULT '[]';

CREATE TABLE incident_members_new (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    device_id   TEXT NOT NULL REFERENCES devices (id),
    since_ms    INTEGER NOT NULL, -- its first failure in this incident
    after_ms    INTEGER NOT NULL, -- it was well at this time before
    last_ms     INTEGER NOT NULL, -- its last first failure
    until_ms    INTEGER,          -- when it recovered or left
    state       TEXT NOT NULL CHECK (state IN ('down', 'flapping', 'faulty', 'unsure', 'recovered', 'gone')),
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
