-- 反馈: what operators said of picture faults. Rows are added, never changed; the limits of a camera
-- are made of them (domain::OwnLimits).
CREATE TABLE picture_feedback (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL REFERENCES devices (id),
    at_ms     INTEGER NOT NULL,
    login     TEXT NOT NULL,  -- who, as they logged in
    fault     TEXT NOT NULL,  -- fault code
    opinion   TEXT NOT NULL,  -- domain::Opinion
    score     REAL,           -- of the picture it was said of
    reading   TEXT            -- JSON: Reading, the figure behind the score
) STRICT;
CREATE INDEX picture_feedback_by_device ON picture_feedback (device_id, id);

-- Scores of picture faults by UTC day: the trend of a month.
CREATE TABLE score_days (
    device_id TEXT NOT NULL REFERENCES devices (id),
    fault     TEXT NOT NULL,    -- fault code
    utc_day   INTEGER NOT NULL, -- days since 1970-01-01
    n         INTEGER NOT NULL CHECK (n > 0),
    sum       REAL NOT NULL,
    max       REAL NOT NULL,
    PRIMARY KEY (device_id, fault, utc_day)
) STRICT, WITHOUT ROWID;
CREATE INDEX score_days_by_day ON score_days (utc_day);

-- Cameras whose whole picture is dark, veiled or glaring now: many of a street are one event.
CREATE TABLE weather_shown (
    device_id TEXT NOT NULL REFERENCES devices (id),
    weather   TEXT NOT NULL CHECK (weather IN ('dark', 'veil', 'glare')),
    since_ms  INTEGER NOT NULL, -- since when without a break
    until_ms  INTEGER NOT NULL, -- the last result that says so stands until then
    PRIMARY KEY (device_id, weather)
) STRICT, WITHOUT ROWID;
