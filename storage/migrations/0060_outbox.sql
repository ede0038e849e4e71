-- 渠道 (domain::alert::Channel). Where it leads and what opens it is sealed under the master key; the host
-- is what may be shown.
CREATE TABLE channels (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL CHECK (kind IN ('mail', 'dingtalk', 'feishu', 'wecom', 'webhook', 'sms')),
    name       TEXT NOT NULL CHECK (name <> ''),
    switch     TEXT NOT NULL CHECK (switch IN ('on', 'off')),
    topics     TEXT NOT NULL,    -- JSON array of domain::alert::Topic: carried without being named
    host       TEXT NOT NULL,
    settings   TEXT NOT NULL,    -- JSON: domain::alert::ChannelSettings
    sealed     BLOB,             -- domain::alert::ChannelAccess; NULL once it was removed
    changed_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    CHECK ((sealed IS NULL) = (removed_ms IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX channels_by_name ON channels (name) WHERE removed_ms IS NULL;

-- What is to be said over a channel. A row is written with what causes it and goes only by age.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    key        TEXT NOT NULL CHECK (key <> ''), -- of one key a channel gets one message
    topic      TEXT NOT NULL,    -- domain::alert::Topic
    about      TEXT NOT NULL,    -- page of what it is about; '' for none
    title      TEXT NOT NULL,
    body       TEXT NOT NULL,    -- JSON: domain::alert::Note
    recipients TEXT NOT NULL,    -- JSON array: mail addresses or telephones
    state      TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'dead')),
    created_ms INTEGER NOT NULL,
    since_ms   INTEGER NOT NULL, -- from when on its patience counts: created, or sent again by hand
    due_ms     INTEGER NOT NULL, -- not to be tried before
    tries      INTEGER NOT NULL CHECK (tries >= 0),
    settled_ms INTEGER,          -- when it was taken or given up
    problem    TEXT,             -- domain::alert::SendProblem of the last try
    detail     TEXT NOT NULL,    -- what the other side said; never a secret
    UNIQUE (channel_id, key),
    CHECK ((settled_ms IS NULL) = (state = 'queued'))
) STRICT;
CREATE INDEX outbox_due ON outbox (channel_id, due_ms) WHERE state = 'queued';
CREATE INDEX outbox_by_state ON outbox (state, id);
CREATE INDEX outbox_by_about ON outbox (about, id) WHERE about <> '';
CREATE INDEX outbox_by_time ON outbox (settled_ms) WHERE settled_ms IS NOT NULL;

-- When a channel was used in the last minutes: what it may be used for a minute holds across restarts.
CREATE TABLE channel_tries (
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    at_ms      INTEGER NOT NULL
) STRICT;
CREATE INDEX channel_tries_by_time ON channel_tries (channel_id, at_ms);
