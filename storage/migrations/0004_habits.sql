-- What is learned of each stream (domain::Habit): how it is coded, how far apart its keyframes are,
-- when its picture was last looked at. At most one row for each address a device has.
CREATE TABLE habits (
    device_id TEXT NOT NULL REFERENCES devices (id),
    url       TEXT NOT NULL CHECK (url <> ''), -- which of its streams, without credentials
    body      TEXT NOT NULL,                   -- JSON: Habit
    PRIMARY KEY (device_id, url)
) STRICT, WITHOUT ROWID;
