-- 告警规则 (domain::alert::AlertRules), TOML; the newest version counts. Version 0 is what we ship.
CREATE TABLE alert_rules (
    version INTEGER PRIMARY KEY NOT NULL CHECK (version > 0),
    body    TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    login   TEXT NOT NULL -- who wrote it; '' for the configuration
) STRICT;
CREATE TRIGGER alert_rules_never_change BEFORE UPDATE ON alert_rules
BEGIN
    SELECT RAISE(ABORT, 'a version of the alert rules is never changed');
END;

-- What a rule has said of an incident (domain::alert::Told), written with the message.
CREATE TABLE alert_told (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    rule        TEXT NOT NULL,
    severity    TEXT NOT NULL CHECK (severity IN ('minor', 'major', 'critical')),
    told_ms     INTEGER NOT NULL,
    round       INTEGER NOT NULL CHECK (round > 0), -- how often it has begun
    is_over     INTEGER NOT NULL CHECK (is_over IN (0, 1)),
    PRIMARY KEY (incident_id, rule)
) STRICT, WITHOUT ROWID;

-- The last digest of a rule.
CREATE TABLE alert_digests (
    rule    TEXT PRIMARY KEY NOT NULL,
    slot_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What people did about an incident. Rows are only ever added; the newest of mute and unmute counts.
CREATE TABLE incident_handlings (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    at_ms       INTEGER NOT NULL,
    login       TEXT NOT NULL,
    act         TEXT NOT NULL CHECK (act IN ('acknowledge', 'mute', 'unmute')),
    until_ms    INTEGER,       -- of mute
    note        TEXT NOT NULL, -- why
    CHECK ((act = 'mute') = (until_ms IS NOT NULL))
) STRICT;
CREATE INDEX incident_handlings_by_incident ON incident_handlings (incident_id, id);
