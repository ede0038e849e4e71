-- What an endpoint's own page or agent says of it may belong to a venue, beside endpoints and room cameras.
CREATE TABLE venue_devices_new (
    venue_id  INTEGER NOT NULL REFERENCES venues (id),
    device_id TEXT NOT NULL REFERENCES devices (id),
    role      TEXT NOT NULL CHECK (role IN ('primary', 'backup', 'camera', 'status')),
    PRIMARY KEY (venue_id, device_id)
) STRICT, WITHOUT ROWID;
INSERT INTO venue_devices_new SELECT venue_id, device_id, role FROM venue_devices;
DROP TABLE venue_devices;
ALTER TABLE venue_devices_new RENAME TO venue_devices;
CREATE INDEX venue_devices_by_device ON venue_devices (device_id);
