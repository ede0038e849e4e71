-- The schema of the embedded store.
--
-- Conventions: times are INTEGER milliseconds since 1970-01-01T00:00:00Z and end in _ms; days and
-- hours are counted from the epoch unless they say "local"; identities are UUIDv7 as text; enums
-- are the stable words of the domain; JSON columns hold what serde writes of the domain type named.

-- 街道.
CREATE TABLE streets (
    id   TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE CHECK (name <> '')
) STRICT;

-- 站点: a name is unique within its street.
CREATE TABLE sites (
    id        TEXT PRIMARY KEY NOT NULL,
    street_id TEXT NOT NULL REFERENCES streets (id),
    name      TEXT NOT NULL CHECK (name <> ''),
    UNIQUE (street_id, name)
) STRICT;
CREATE INDEX sites_by_name ON sites (name);

-- 所属单位: who owns.
CREATE TABLE departments (
    id   TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE CHECK (name <> '')
) STRICT;

-- 运维单位: who repairs.
CREATE TABLE maintainers (
    id    TEXT PRIMARY KEY NOT NULL,
    name  TEXT NOT NULL UNIQUE CHECK (name <> ''),
    phone TEXT -- 联系电话, as the ledger has it
) STRICT;

-- 设备 (一机一档), without secrets. A row is never deleted: a device that is gone is 'removed'.
CREATE TABLE devices (
    id              TEXT PRIMARY KEY NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('camera', 'endpoint', 'equipment')),
    name            TEXT NOT NULL CHECK (name <> ''),
    national_code   TEXT UNIQUE CHECK (length(national_code) = 20), -- 国标编码, GB/T 28181
    site_id         TEXT NOT NULL REFERENCES sites (id),
    department_id   TEXT REFERENCES departments (id),
    maintainer_id   TEXT REFERENCES maintainers (id),
    parent_id       TEXT REFERENCES devices (id) CHECK (parent_id <> id), -- 上级设备
    police_station  TEXT,                                          -- 辖区派出所
    class           TEXT CHECK (class IN ('1', '2', '3')),         -- 点位类别
    life            TEXT NOT NULL CHECK (life IN ('in_use', 'disabled', 'relocating', 'removed')),
    life_since_ms   INTEGER NOT NULL,  -- since when it is in that state, as the ledger says
    address         TEXT,              -- 安装地址
    vendor          TEXT,
    model           TEXT,
    ip              TEXT,
    mac             TEXT,
    url             TEXT CHECK (url <> ''),      -- without credentials; NULL: 未接入探测
    sub_url         TEXT CHECK (sub_url <> ''),  -- 子码流, without credentials
    host            TEXT,              -- host of url in lower case, the key of host_credentials
    longitude       REAL CHECK (longitude BETWEEN -180 AND 180), -- degrees east
    latitude        REAL CHECK (latitude BETWEEN -90 AND 90),    -- degrees north
    retention_days  INTEGER CHECK (retention_days >= 0),         -- 录像保存天数
    note            TEXT,
    created_ms      INTEGER NOT NULL,
    changed_ms      INTEGER NOT NULL,
    -- Since when it is in use with an address AND known to us: from here on its minutes are
    -- scheduled. NULL where it is not to be probed.
    probed_since_ms INTEGER CHECK (probed_since_ms IS NULL OR (life = 'in_use' AND url IS NOT NULL))
) STRICT;
CREATE INDEX devices_by_site ON devices (site_id, name);
CREATE INDEX devices_by_department ON devices (department_id);
CREATE INDEX devices_by_maintainer ON devices (maintainer_id);
CREATE INDEX devices_by_parent ON devices (parent_id);
CREATE INDEX devices_by_police_station ON devices (police_station);
CREATE INDEX devices_by_class ON devices (class);
CREATE INDEX devices_by_name ON devices (name);
CREATE INDEX devices_by_host ON devices (host);
CREATE INDEX devices_by_ip ON devices (ip);
CREATE INDEX devices_probed ON devices (id) WHERE probed_since_ms IS NOT NULL;

-- 标签.
CREATE TABLE device_tags (
    device_id TEXT NOT NULL REFERENCES devices (id),
    tag       TEXT NOT NULL CHECK (tag <> ''),
    PRIMARY KEY (device_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_tags_by_tag ON device_tags (tag);

-- 状态 history: a device is in `state` from `from_ms` until the next row. Before its first row a
-- device counts as what that first row says.
CREATE TABLE life_states (
    device_id TEXT NOT NULL REFERENCES devices (id),
    from_ms   INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('in_use', 'disabled', 'relocating', 'removed')),
    PRIMARY KEY (device_id, from_ms)
) STRICT, WITHOUT ROWID;

-- 用户名 and 密码 of devices. `sealed` is XChaCha20-Poly1305 under the master key (nonce, then
-- ciphertext and tag) with the device id as associated data; the key is not in this database.
CREATE TABLE credentials (
    device_id  TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    username   TEXT NOT NULL,
    sealed     BLOB CHECK (length(sealed) >= 40), -- NULL: the password is not known
    state      TEXT NOT NULL,                     -- JSON: CredentialState
    generation INTEGER NOT NULL DEFAULT 1         -- counts changes; a probe begun before one is stale
) STRICT;

-- How logins at one host address stand, over all its channels.
CREATE TABLE host_credentials (
    host  TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL -- JSON: CredentialState
) STRICT, WITHOUT ROWID;

-- What is known of each device now (domain::Standing), and what its last probe said.
CREATE TABLE standings (
    device_id      TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    state          TEXT NOT NULL CHECK (state IN ('up', 'degraded', 'down', 'unknown')),
    since_ms       INTEGER NOT NULL,
    reached        INTEGER NOT NULL CHECK (reached IN (0, 1)),
    faults         TEXT NOT NULL,              -- JSON array of fault codes, of the confirmed state
    last_result_ms INTEGER,                    -- NULL before the first result and once retired
    hold_ms        INTEGER NOT NULL CHECK (hold_ms >= 0), -- how long the last result stands
    doubt          TEXT,                       -- JSON: Doubt, a failure not hard yet
    round          INTEGER NOT NULL CHECK (round >= 0),
    verdict        TEXT CHECK (verdict IN ('online', 'degraded', 'offline', 'unknown')), -- of the last probe
    seen_faults    TEXT NOT NULL DEFAULT '[]', -- JSON array of fault codes of the last probe
    seen_ms        INTEGER,                    -- when the last probe ended
    -- The result stands up to and with this moment; later the state is unknown.
    stands_until_ms INTEGER GENERATED ALWAYS AS (last_result_ms + hold_ms) VIRTUAL
) STRICT;
-- Which results no longer stand: only those that still claim to know something.
CREATE INDEX standings_that_stand ON standings (stands_until_ms) WHERE state <> 'unknown';

-- Changes of state or of its faults: the truth from which figures are recomputed. In order of id
-- the times of one device never go back.
CREATE TABLE transitions (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL REFERENCES devices (id),
    at_ms     INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('up', 'degraded', 'down', 'unknown')),
    reached   INTEGER NOT NULL CHECK (reached IN (0, 1)),
    faults    TEXT NOT NULL -- JSON array of fault codes
) STRICT;
CREATE INDEX transitions_by_device ON transitions (device_id, at_ms);

-- What each minute of a UTC day was: 1440 × 2 bits (domain::DayStrip). A cache of transitions.
CREATE TABLE strips (
    utc_day   INTEGER NOT NULL, -- days since 1970-01-01
    device_id TEXT NOT NULL REFERENCES devices (id),
    minutes   BLOB NOT NULL CHECK (length(minutes) = 360),
    PRIMARY KEY (utc_day, device_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX strips_by_device ON strips (device_id);

-- Minutes of each LOCAL calendar day by state, counted from the strips as they change.
CREATE TABLE day_tallies (
    local_day TEXT NOT NULL CHECK (length(local_day) = 10), -- YYYY-MM-DD in the zone of the store
    device_id TEXT NOT NULL REFERENCES devices (id),
    up        INTEGER NOT NULL CHECK (up >= 0),       -- minutes
    degraded  INTEGER NOT NULL CHECK (degraded >= 0), -- minutes
    down      INTEGER NOT NULL CHECK (down >= 0),     -- minutes
    PRIMARY KEY (local_day, device_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX day_tallies_by_device ON day_tallies (device_id);

-- Hourly rollups of what was measured; the unit is in the name of the measure.
CREATE TABLE measures (
    device_id TEXT NOT NULL REFERENCES devices (id),
    hour      INTEGER NOT NULL, -- UTC hours since 1970-01-01T00:00:00Z
    measure   TEXT NOT NULL,    -- fps, bitrate_bps, loss_ratio, jitter_ms, ...
    n         INTEGER NOT NULL CHECK (n > 0),
    sum       REAL NOT NULL,
    min       REAL NOT NULL,
    max       REAL NOT NULL,
    PRIMARY KEY (device_id, hour, measure)
) STRICT, WITHOUT ROWID;

-- The last few days of raw observations. (agent, sequence) makes redelivery harmless.
CREATE TABLE observations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    agent       TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    device_id   TEXT NOT NULL REFERENCES devices (id),
    started_ms  INTEGER NOT NULL,
    verdict     TEXT NOT NULL CHECK (verdict IN ('online', 'degraded', 'offline', 'unknown')),
    body        TEXT NOT NULL, -- JSON: Observation
    UNIQUE (agent, sequence)
) STRICT;
CREATE INDEX observations_by_device ON observations (device_id, started_ms);
CREATE INDEX observations_by_time ON observations (started_ms);

-- The last picture of each device: what the next one is compared with, and where evidence lies.
CREATE TABLE pictures (
    device_id TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    signature BLOB,             -- of the last keyframe judged
    taken_ms  INTEGER,          -- when that keyframe was taken
    good_key  TEXT REFERENCES evidence (key) ON DELETE SET NULL, -- last snapshot without a fault
    fault_key TEXT REFERENCES evidence (key) ON DELETE SET NULL  -- last snapshot of a fault
) STRICT;
CREATE INDEX pictures_by_good_key ON pictures (good_key);
CREATE INDEX pictures_by_fault_key ON pictures (fault_key);

-- Evidence files under recordings/.
CREATE TABLE evidence (
    key       TEXT PRIMARY KEY NOT NULL, -- path below the recordings directory
    device_id TEXT NOT NULL REFERENCES devices (id),
    kind      TEXT NOT NULL CHECK (kind IN ('good', 'fault')),
    taken_ms  INTEGER NOT NULL,
    bytes     INTEGER NOT NULL CHECK (bytes >= 0),
    sha256    TEXT NOT NULL CHECK (length(sha256) = 64) -- lower-case hex
) STRICT;
CREATE INDEX evidence_by_device ON evidence (device_id, taken_ms);
CREATE INDEX evidence_by_time ON evidence (taken_ms);

-- People who may log in.
CREATE TABLE users (
    id            TEXT PRIMARY KEY NOT NULL,
    login         TEXT NOT NULL UNIQUE CHECK (login <> ''),
    password_hash TEXT NOT NULL,  -- argon2id, PHC string
    must_change   INTEGER NOT NULL CHECK (must_change IN (0, 1)), -- a one-time password
    created_ms    INTEGER NOT NULL,
    last_login_ms INTEGER
) STRICT;

-- Logins that are open.
CREATE TABLE sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    user_id    TEXT REFERENCES users (id) ON DELETE CASCADE,
    data       TEXT NOT NULL,    -- JSON: the session's record
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_ms);

-- Single values: the zone of the tallies, the check value of the master key, and the like.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
