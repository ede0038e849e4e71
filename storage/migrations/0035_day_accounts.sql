-- Small numbers of devices, never given twice: the places of their entries in what follows.
CREATE TABLE device_numbers (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL UNIQUE REFERENCES devices (id)
) STRICT;
INSERT INTO device_numbers (device_id) SELECT id FROM devices ORDER BY id;
CREATE TRIGGER devices_are_numbered AFTER INSERT ON devices
BEGIN
    INSERT INTO device_numbers (device_id) VALUES (new.id);
END;

-- What each device counts on each LOCAL day under the newest version of each policy: a cache of what
-- domain::account makes of transitions, placements, life states and exclusions.
CREATE TABLE day_accounts (
    policy    TEXT NOT NULL,
    version   INTEGER NOT NULL,
    local_day TEXT NOT NULL CHECK (length(local_day) = 10), -- YYYY-MM-DD in the zone of the store
    made_ms   INTEGER NOT NULL, -- as seen at this moment: before the end of the day it is not all of it
    stale     INTEGER NOT NULL CHECK (stale IN (0, 1)), -- something changed since
    counted   INTEGER NOT NULL CHECK (counted >= 0),    -- minutes that count of each device
    body      BLOB NOT NULL,    -- storage/src/account/code.rs
    PRIMARY KEY (policy, version, local_day),
    FOREIGN KEY (policy, version) REFERENCES policies (id, version)
) STRICT;

-- What became different before `day_horizon`, and is not yet in `day_accounts`. The horizon is raised
-- before a day is counted, so that nothing that comes meanwhile is missed.
CREATE TABLE account_changes (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    from_ms INTEGER NOT NULL,
    to_ms   INTEGER NOT NULL
) STRICT;
CREATE TABLE day_horizon (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    until_ms INTEGER NOT NULL -- end of the last day that is over
) STRICT;
INSERT INTO day_horizon VALUES (1, -9223372036854775807);

CREATE TRIGGER transitions_change_accounts AFTER INSERT ON transitions
WHEN new.at_ms < (SELECT until_ms FROM day_horizon)
BEGIN
    INSERT INTO account_changes (from_ms, to_ms) SELECT new.at_ms, until_ms FROM day_horizon;
END;
CREATE TRIGGER transitions_gone_change_accounts AFTER DELETE ON transitions
WHEN old.at_ms < (SELECT until_ms FROM day_horizon)
BEGIN
    INSERT INTO account_changes (from_ms, to_ms) SELECT old.at_ms, until_ms FROM day_horizon;
END;
-- A result that stands to the end of what was counted changes nothing of it, nor does one after a
-- state in which nothing was known.
CREATE TRIGGER standings_change_accounts AFTER UPDATE OF last_result_ms, hold_ms ON standings
WHEN (old.state <> 'unknown' OR old.reached = 1)
    AND ifnull(old.last_result_ms + old.hold_ms, -1) < (SELECT until_ms FROM day_horizon)
    AND (old.last_result_ms, old.hold_ms) IS NOT (new.last_result_ms, new.hold_ms)
BEGIN
    INSERT INTO account_changes (from_ms, to_ms)
    SELECT min(ifnull(old.last_result_ms, new.last_result_ms),
               ifnull(new.last_result_ms, old.last_result_ms)), until_ms FROM day_horizon
    WHERE old.last_result_ms IS NOT NULL OR new.last_result_ms IS NOT NULL;
END;

CREATE TRIGGER placements_change_accounts AFTER INSERT ON placements
WHEN new.from_ms < (SELECT until_ms FROM day_horizon)
BEGIN
    INSERT INTO account_changes (from_ms, to_ms) SELECT new.from_ms, until_ms FROM day_horizon;
END;
CREATE TRIGGER placements_moved_change_accounts AFTER UPDATE ON placements
WHEN min(old.from_ms, new.from_ms) < (SELECT until_ms FROM day_horizon)
BEGIN
    INSERT INTO account_changes (from_ms, to_ms)
    SELECT min(old.from_ms, new.from_ms), until_ms FROM day_horizon;
END;
CREATE TRIGGER placements_gone_change_accounts AFTER DELETE ON placements
WHEN old.from_ms < (SELECT until_ms FROM day_horizon)
BEGIN
    INSERT INTO account_changes (from_ms, to_ms) SELECT old.from_ms, until_ms FROM day_horizon;
END;

-- Before its first life state a device counts as what that one says, so the first one changes all since
-- the device is known.
CREATE TRIGGER lives_change_accounts AFTER INSERT ON life_states
BEGIN
    INSERT INTO account_changes (from_ms, to_ms)
    SELECT since, until_ms FROM day_horizon, (
        SELECT CASE WHEN EXISTS (SELECT 1 FROM life_states
                WHERE device_id = new.device_id AND from_ms < new.from_ms) THEN new.from_ms
            ELSE (SELECT min(from_ms) FROM placements WHERE device_id = new.device_id) END AS since)
    WHERE since < until_ms;
END;
CREATE TRIGGER lives_moved_change_accounts AFTER UPDATE ON life_states
BEGIN
    INSERT INTO account_changes (from_ms, to_ms)
    SELECT since, until_ms FROM day_horizon, (
        SELECT min(from_ms) AS since FROM placements WHERE device_id = new.device_id)
    WHERE since < until_ms;
END;
CREATE TRIGGER lives_gone_change_accounts AFTER DELETE ON life_states
BEGIN
    INSERT INTO account_changes (from_ms, to_ms)
    SELECT since, until_ms FROM day_horizon, (
        SELECT CASE WHEN EXISTS (SELECT 1 FROM life_states
                WHERE device_id = old.device_id AND from_ms < old.from_ms) THEN old.from_ms
            ELSE (SELECT min(from_ms) FROM placements WHERE device_id = old.device_id) END AS since)
    WHERE since < until_ms;
END;

-- Exclusions of a street are those of its sites.
CREATE TRIGGER sites_change_accounts AFTER UPDATE OF street_id ON sites
WHEN old.street_id <> new.street_id
BEGIN
    INSERT INTO account_changes (from_ms, to_ms)
    SELECT since, until_ms FROM day_horizon, (SELECT min(from_ms) AS since FROM placements)
    WHERE since < until_ms;
END;
CREATE TRIGGER exclusions_change_accounts AFTER INSERT ON exclusion_steps
BEGIN
    INSERT INTO account_changes (from_ms, to_ms)
    SELECT from_ms, min(to_ms, until_ms) FROM day_horizon, exclusions
    WHERE id = new.exclusion_id AND from_ms < until_ms;
END;

-- What is down, longest first.
CREATE INDEX standings_down ON standings (since_ms) WHERE state = 'down';
