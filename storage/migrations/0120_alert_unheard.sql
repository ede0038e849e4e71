-- What a rule had to say of an incident and no channel took: none carries it, or none reaches anybody. It
-- counts as not told and is tried again; the row goes once a channel takes it.
CREATE TABLE alert_unheard (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    rule        TEXT NOT NULL,
    since_ms    INTEGER NOT NULL, -- when it was first to be said
    tried_ms    INTEGER NOT NULL, -- when it was last
    PRIMARY KEY (incident_id, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_unheard_by_time ON alert_unheard (tried_ms);
