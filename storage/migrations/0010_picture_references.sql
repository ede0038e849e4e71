-- 画面基准: how the picture of a camera looks by each light when nothing is wrong.
CREATE TABLE picture_references (
    device_id  TEXT NOT NULL REFERENCES devices (id),
    light      TEXT NOT NULL CHECK (light IN ('day', 'dusk', 'ir')),
    body       BLOB NOT NULL,    -- zhishou_picture::References of this light, version first
    scenes     INTEGER NOT NULL, -- that pictures are compared with
    pictures   INTEGER NOT NULL, -- that taught them
    is_settled INTEGER NOT NULL CHECK (is_settled IN (0, 1)),
    since_ms   INTEGER NOT NULL, -- first picture learned
    last_ms    INTEGER NOT NULL, -- last picture learned
    adopted_ms INTEGER,          -- when an operator's word made it; NULL: it was learned
    PRIMARY KEY (device_id, light)
) STRICT;

-- What an operator's last decision replaced, so that it can be taken back once. A light without a body
-- had nothing learned.
CREATE TABLE former_references (
    device_id  TEXT NOT NULL REFERENCES devices (id),
    light      TEXT NOT NULL CHECK (light IN ('day', 'dusk', 'ir')),
    body       BLOB,
    scenes     INTEGER,
    pictures   INTEGER,
    is_settled INTEGER,
    since_ms   INTEGER,
    last_ms    INTEGER,
    adopted_ms INTEGER,
    key        TEXT REFERENCES evidence (key) ON DELETE SET NULL, -- the clean picture of then
    PRIMARY KEY (device_id, light)
) STRICT;
CREATE INDEX former_references_by_key ON former_references (key);

-- What operators decided of the references of a camera.
CREATE TABLE reference_orders (
    device_id  TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    generation INTEGER NOT NULL, -- counts decisions: a probe begun before the last one teaches nothing
    adopt_ms   INTEGER           -- since when the next picture is to be the reference; NULL: it is not
) STRICT, WITHOUT ROWID;

-- The last snapshot without a fault by each light: what a picture is shown beside.
CREATE TABLE light_pictures (
    device_id TEXT NOT NULL REFERENCES devices (id),
    light     TEXT NOT NULL CHECK (light IN ('day', 'dusk', 'ir')),
    key       TEXT NOT NULL REFERENCES evidence (key) ON DELETE CASCADE,
    PRIMARY KEY (device_id, light)
) STRICT, WITHOUT ROWID;
CREATE INDEX light_pictures_by_key ON light_pictures (key);
