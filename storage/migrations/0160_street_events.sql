-- 环境事件: what weather, light or power does to many cameras of a street is one event, with its cameras.
CREATE TABLE street_events (
    id        INTEGER PRIMARY KEY,
    street_id TEXT NOT NULL REFERENCES streets (id),
    weather   TEXT NOT NULL CHECK (weather IN ('dark', 'veil', 'glare')),
    since_ms  INTEGER NOT NULL, -- when the first of its cameras began to show it
    until_ms  INTEGER NOT NULL, -- it stands until then at most; of what is over: when it ended
    watched   INTEGER NOT NULL  -- cameras of the street that are watched
) STRICT;
CREATE INDEX street_events_by_street ON street_events (street_id, weather, until_ms);
CREATE INDEX street_events_by_end ON street_events (until_ms);

CREATE TABLE street_event_cameras (
    event_id  INTEGER NOT NULL REFERENCES street_events (id) ON DELETE CASCADE,
    device_id TEXT NOT NULL REFERENCES devices (id),
    since_ms  INTEGER NOT NULL, -- since when it shows it
    until_ms  INTEGER NOT NULL, -- as of the event
    PRIMARY KEY (event_id, device_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX street_event_cameras_by_device ON street_event_cameras (device_id);
