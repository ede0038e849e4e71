-- 会前检查: plans, runs, what came of each item in each venue, incidents of meetings, archived records.

-- 检查方案 of a 保障等级: the newest version holds.
CREATE TABLE check_plans (
    grade    TEXT NOT NULL, -- domain::AssuranceGrade
    version  INTEGER NOT NULL CHECK (version > 0),
    document TEXT NOT NULL, -- JSON: domain::check::CheckPlan
    at_ms    INTEGER NOT NULL,
    login    TEXT NOT NULL,
    PRIMARY KEY (grade, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER check_plans_never_change BEFORE UPDATE ON check_plans
BEGIN
    SELECT RAISE(ABORT, 'a version of a check plan is never changed');
END;

CREATE TABLE check_runs (
    id              INTEGER PRIMARY KEY NOT NULL, -- 检查记录号
    meeting_id      INTEGER NOT NULL REFERENCES meetings (id),
    meeting_from_ms INTEGER NOT NULL, -- when the meeting was to begin then: one that is moved is checked anew
    cause           TEXT NOT NULL CHECK (cause IN ('point', 'booked', 'asked')),
    before_min      INTEGER, -- of a point
    depth           TEXT NOT NULL CHECK (depth IN ('liveness', 'failures', 'full')),
    plan_version    INTEGER NOT NULL, -- 0: the shipped one
    started_ms      INTEGER NOT NULL,
    ended_ms        INTEGER,
    state           TEXT NOT NULL CHECK (state IN ('running', 'done', 'missed', 'interrupted')),
    login           TEXT NOT NULL, -- who asked; '': the platform
    CHECK ((cause = 'point') = (before_min IS NOT NULL)),
    CHECK ((state = 'running') = (ended_ms IS NULL))
) STRICT;
CREATE INDEX check_runs_by_meeting ON check_runs (meeting_id, id);
CREATE INDEX check_runs_open ON check_runs (id) WHERE state = 'running';
-- A point is run or missed once.
CREATE UNIQUE INDEX check_runs_by_point ON check_runs (meeting_id, meeting_from_ms, before_min)
    WHERE cause = 'point' AND state <> 'interrupted';

CREATE TABLE check_results (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    meeting_id   INTEGER NOT NULL REFERENCES meetings (id),
    venue_id     INTEGER NOT NULL REFERENCES venues (id),
    run_id       INTEGER REFERENCES check_runs (id), -- NULL: signed by a person, or seen while watching
    item         TEXT NOT NULL,  -- domain::check::CheckItem
    outcome      TEXT NOT NULL CHECK (outcome IN ('pass', 'warn', 'fail', 'untested')),
    evidence     TEXT NOT NULL,  -- JSON: domain::check::Evidence
    device_id    TEXT REFERENCES devices (id),
    at_ms        INTEGER NOT NULL,
    confirmed_ms INTEGER NOT NULL, -- last seen to be so
    login        TEXT NOT NULL,  -- who signed; '': the platform
    CHECK (confirmed_ms >= at_ms)
) STRICT;
CREATE INDEX check_results_by_cell ON check_results (meeting_id, venue_id, item, id);
CREATE INDEX check_results_by_venue ON check_results (venue_id, run_id);
CREATE INDEX check_results_by_run ON check_results (run_id);
CREATE INDEX check_results_by_device ON check_results (device_id, id);
CREATE TRIGGER check_results_never_change
BEFORE UPDATE OF meeting_id, venue_id, item, outcome, evidence, at_ms, login ON check_results
BEGIN
    SELECT RAISE(ABORT, 'what a check said is never changed');
END;
CREATE TRIGGER check_results_never_go BEFORE DELETE ON check_results
BEGIN
    SELECT RAISE(ABORT, 'what a check said is never deleted');
END;

-- How ready a meeting was when; only what differs from the line before.
CREATE TABLE meeting_readiness (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    at_ms      INTEGER NOT NULL,
    conclusion TEXT NOT NULL CHECK (conclusion IN ('not_ready', 'unconfirmed', 'risk', 'ready')),
    ready      INTEGER NOT NULL, -- venues
    venues     INTEGER NOT NULL
) STRICT;
CREATE INDEX meeting_readiness_by_meeting ON meeting_readiness (meeting_id, id);

-- The work order that a venue has because a check of it failed.
CREATE TABLE check_orders (
    work_order_id INTEGER PRIMARY KEY NOT NULL REFERENCES work_orders (id),
    meeting_id    INTEGER NOT NULL REFERENCES meetings (id),
    venue_id      INTEGER NOT NULL REFERENCES venues (id)
) STRICT;
CREATE INDEX check_orders_by_venue ON check_orders (venue_id, work_order_id);
CREATE INDEX check_orders_by_meeting ON check_orders (meeting_id);

CREATE TABLE meeting_incidents (
    id         INTEGER PRIMARY KEY NOT NULL,
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    venue_id   INTEGER NOT NULL REFERENCES venues (id),
    from_ms    INTEGER NOT NULL,
    to_ms      INTEGER CHECK (to_ms >= from_ms), -- NULL: it lasts
    what       TEXT NOT NULL CHECK (what <> ''),
    fallback   TEXT, -- domain::check::Fallback
    login      TEXT NOT NULL
) STRICT;
CREATE INDEX meeting_incidents_by_meeting ON meeting_incidents (meeting_id, id);
CREATE INDEX meeting_incidents_by_venue ON meeting_incidents (venue_id);

-- 会后记录 as it was archived; the figures of the year are made of these.
CREATE TABLE meeting_records (
    meeting_id   INTEGER PRIMARY KEY NOT NULL REFERENCES meetings (id),
    from_ms      INTEGER NOT NULL,
    venues       INTEGER NOT NULL CHECK (venues > 0),
    on_time      INTEGER NOT NULL CHECK (on_time IN (0, 1)),
    incidents    INTEGER NOT NULL CHECK (incidents >= 0),
    lost_minutes INTEGER NOT NULL CHECK (lost_minutes >= 0),
    document     TEXT NOT NULL, -- JSON: domain::check::AfterRecord
    at_ms        INTEGER NOT NULL,
    login        TEXT NOT NULL
) STRICT;
CREATE INDEX meeting_records_by_time ON meeting_records (from_ms);
CREATE TRIGGER meeting_records_never_change BEFORE UPDATE ON meeting_records
BEGIN
    SELECT RAISE(ABORT, 'an archived record is never changed');
END;
CREATE TRIGGER meeting_records_never_go BEFORE DELETE ON meeting_records
BEGIN
    SELECT RAISE(ABORT, 'an archived record is never deleted');
END;
