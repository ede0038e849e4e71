-- Why a dialogue is kept: what somebody asks for pushes out no dialogue of an outage.
ALTER TABLE dialogues ADD COLUMN kept_for TEXT NOT NULL DEFAULT 'outage'
    CHECK (kept_for IN ('asked', 'outage'));
UPDATE dialogues SET kept_for = 'asked' WHERE observation ->> '$.verdict' <> 'offline';

-- The newest observation that looked at the picture; its row goes when raw observations are pruned.
ALTER TABLE pictures ADD COLUMN judged_id INTEGER; -- observations.id
UPDATE pictures SET judged_id = (
    SELECT o.id FROM observations o
    WHERE o.device_id = pictures.device_id AND o.body ->> '$.picture' IS NOT NULL
    ORDER BY o.started_ms DESC LIMIT 1);

-- What a street shows together is asked for each picture: by the street, not camera by camera.
DROP TABLE weather_shown;
CREATE TABLE weather_shown (
    device_id TEXT NOT NULL REFERENCES devices (id),
    weather   TEXT NOT NULL CHECK (weather IN ('dark', 'veil', 'glare')),
    street_id TEXT NOT NULL REFERENCES streets (id),
    since_ms  INTEGER NOT NULL, -- since when without a break
    until_ms  INTEGER NOT NULL, -- the last result that says so stands until then
    PRIMARY KEY (device_id, weather)
) STRICT, WITHOUT ROWID;
CREATE INDEX weather_shown_by_street ON weather_shown (street_id, weather, since_ms, until_ms);
CREATE INDEX devices_watched_by_site ON devices (site_id)
    WHERE probed_since_ms IS NOT NULL AND kind = 'camera';
