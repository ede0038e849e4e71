-- Dialogues (docs/reference/capture.md) are evidence as pictures are. The engine cannot change a
-- CHECK, so the table is made anew, and with it the one that refers to it.
CREATE TABLE evidence_new (
    key       TEXT PRIMARY KEY NOT NULL, -- path below the recordings directory
    device_id TEXT NOT NULL REFERENCES devices (id),
    kind      TEXT NOT NULL CHECK (kind IN ('good', 'fault', 'dialogue')),
    taken_ms  INTEGER NOT NULL,
    bytes     INTEGER NOT NULL CHECK (bytes >= 0),
    sha256    TEXT NOT NULL CHECK (length(sha256) = 64) -- lower-case hex
) STRICT;
INSERT INTO evidence_new (key, device_id, kind, taken_ms, bytes, sha256)
    SELECT key, device_id, kind, taken_ms, bytes, sha256 FROM evidence;

CREATE TABLE pictures_new (
    device_id TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    signature BLOB,             -- of the last keyframe judged
    taken_ms  INTEGER,          -- when that keyframe was taken
    good_key  TEXT REFERENCES evidence_new (key) ON DELETE SET NULL, -- last snapshot without a fault
    fault_key TEXT REFERENCES evidence_new (key) ON DELETE SET NULL  -- last snapshot of a fault
) STRICT;
INSERT INTO pictures_new (device_id, signature, taken_ms, good_key, fault_key)
    SELECT device_id, signature, taken_ms, good_key, fault_key FROM pictures;

-- The one that refers goes first: else its keys would be set to NULL.
DROP TABLE pictures;
DROP TABLE evidence;
ALTER TABLE evidence_new RENAME TO evidence;
ALTER TABLE pictures_new RENAME TO pictures;
CREATE INDEX pictures_by_good_key ON pictures (good_key);
CREATE INDEX pictures_by_fault_key ON pictures (fault_key);
CREATE INDEX evidence_by_device ON evidence (device_id, taken_ms);
CREATE INDEX evidence_by_time ON evidence (taken_ms);

-- What came of the probe whose dialogue was kept; raw observations do not last as long.
CREATE TABLE dialogues (
    key         TEXT PRIMARY KEY NOT NULL REFERENCES evidence (key) ON DELETE CASCADE,
    observation TEXT NOT NULL -- JSON: Observation
) STRICT, WITHOUT ROWID;
