-- 隐私遮挡: what of a device's picture is blacked out before anything of it is kept.
CREATE TABLE privacy_masks (
    device_id  TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    regions    TEXT NOT NULL CHECK (regions <> ''), -- domain::PrivacyMasks
    changed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When each fault was last kept as a picture: one that comes and goes is not kept each time.
CREATE TABLE pictured_faults (
    device_id TEXT NOT NULL REFERENCES devices (id),
    fault     TEXT NOT NULL,    -- fault code
    taken_ms  INTEGER NOT NULL, -- when that picture was taken
    PRIMARY KEY (device_id, fault)
) STRICT, WITHOUT ROWID;
