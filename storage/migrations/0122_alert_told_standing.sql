-- What was told and is not over yet, so that its end is told however late.
CREATE INDEX alert_told_standing ON alert_told (incident_id) WHERE is_over = 0;
