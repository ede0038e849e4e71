-- 会议: venues, what stands in them, what is booked, and what is held for it. How a meeting stands is what
-- was done to it; `state` is kept beside for lists.

-- 会场.
CREATE TABLE venues (
    id      INTEGER PRIMARY KEY NOT NULL,
    name    TEXT NOT NULL UNIQUE CHECK (name <> ''),
    site_id TEXT REFERENCES sites (id),
    seats   INTEGER CHECK (seats > 0),
    contact TEXT NOT NULL, -- 会场联系人; '' where unknown
    phone   TEXT NOT NULL,
    note    TEXT NOT NULL,
    in_use  INTEGER NOT NULL CHECK (in_use IN (0, 1)) -- 0: cannot be booked, keeps its past
) STRICT;
CREATE INDEX venues_by_site ON venues (site_id);

-- What stands in a venue. An endpoint that is carried about stands in several.
CREATE TABLE venue_devices (
    venue_id  INTEGER NOT NULL REFERENCES venues (id),
    device_id TEXT NOT NULL REFERENCES devices (id),
    role      TEXT NOT NULL CHECK (role IN ('primary', 'backup', 'camera')),
    PRIMARY KEY (venue_id, device_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX venue_devices_by_device ON venue_devices (device_id);

-- 平台资源: held by one meeting at a time.
CREATE TABLE platform_resources (
    id     INTEGER PRIMARY KEY NOT NULL,
    name   TEXT NOT NULL UNIQUE CHECK (name <> ''),
    kind   TEXT NOT NULL CHECK (kind IN ('mcu', 'superior_line', 'telephone')),
    in_use INTEGER NOT NULL CHECK (in_use IN (0, 1))
) STRICT;

CREATE TABLE meetings (
    id             INTEGER PRIMARY KEY NOT NULL, -- 会议号
    title          TEXT NOT NULL CHECK (title <> ''),
    rank           TEXT NOT NULL, -- domain::MeetingRank
    assurance      TEXT NOT NULL, -- domain::AssuranceGrade
    convener       TEXT NOT NULL, -- domain::Convener
    organiser      TEXT NOT NULL, -- 主办单位
    cascade        TEXT NOT NULL, -- domain::Cascade
    -- What was booked: the clock on the wall, YYYY-MM-DDTHH:MM:SS, in this zone.
    zone           TEXT NOT NULL,
    local_from     TEXT NOT NULL,
    local_to       TEXT NOT NULL,
    rehearsal_from TEXT,          -- 上级联调时间
    rehearsal_to   TEXT,
    -- The moments that these mean, without buffers.
    from_ms        INTEGER NOT NULL,
    to_ms          INTEGER NOT NULL,
    setup_min      INTEGER NOT NULL CHECK (setup_min BETWEEN 0 AND 1440),
    teardown_min   INTEGER NOT NULL CHECK (teardown_min BETWEEN 0 AND 1440),
    contacts       TEXT NOT NULL, -- JSON: [Contact]
    note           TEXT NOT NULL,
    state          TEXT NOT NULL, -- domain::MeetingState
    revision       INTEGER NOT NULL CHECK (revision >= 0), -- counts changes of what was booked
    request_key    TEXT UNIQUE,   -- who asked and their Idempotency-Key; NULL where there was none
    CHECK (from_ms < to_ms),
    CHECK ((rehearsal_from IS NULL) = (rehearsal_to IS NULL))
) STRICT;
CREATE INDEX meetings_by_time ON meetings (from_ms);
CREATE INDEX meetings_by_state ON meetings (state, from_ms);

CREATE TABLE meeting_venues (
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    venue_id   INTEGER NOT NULL REFERENCES venues (id),
    role       TEXT NOT NULL CHECK (role IN ('main', 'speaking', 'branch')),
    PRIMARY KEY (meeting_id, venue_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX meeting_venues_by_venue ON meeting_venues (venue_id);

CREATE TABLE meeting_resources (
    meeting_id  INTEGER NOT NULL REFERENCES meetings (id),
    resource_id INTEGER NOT NULL REFERENCES platform_resources (id),
    PRIMARY KEY (meeting_id, resource_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX meeting_resources_by_resource ON meeting_resources (resource_id);

CREATE TABLE meeting_steps (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    at_ms      INTEGER NOT NULL,
    login      TEXT NOT NULL, -- who, as they logged in; '': the platform
    act        TEXT NOT NULL, -- domain::MeetingAct
    note       TEXT NOT NULL
) STRICT;
CREATE INDEX meeting_steps_by_meeting ON meeting_steps (meeting_id, id);

CREATE TRIGGER meeting_steps_never_change BEFORE UPDATE ON meeting_steps
BEGIN
    SELECT RAISE(ABORT, 'what was done to a meeting is never changed');
END;
CREATE TRIGGER meeting_steps_never_go BEFORE DELETE ON meeting_steps
BEGIN
    SELECT RAISE(ABORT, 'what was done to a meeting is never deleted');
END;

-- What is held, buffers included: a venue, an endpoint or a platform resource (domain::Subject).
-- Half-open: what ends at a moment and what begins there do not overlap. Only what is held stands here;
-- a meeting that is cancelled or moved lets go.
CREATE TABLE reservations (
    id         INTEGER PRIMARY KEY NOT NULL,
    meeting_id INTEGER NOT NULL REFERENCES meetings (id),
    subject    TEXT NOT NULL CHECK (subject LIKE '%:%'),
    from_ms    INTEGER NOT NULL,
    to_ms      INTEGER NOT NULL,
    purpose    TEXT NOT NULL CHECK (purpose IN ('meeting', 'rehearsal')),
    CHECK (from_ms < to_ms),
    CHECK (to_ms - from_ms <= 777600000) -- 9 days: the longest meeting with the longest buffers
) STRICT;
CREATE INDEX reservations_by_subject ON reservations (subject, from_ms);
CREATE INDEX reservations_by_meeting ON reservations (meeting_id);

-- Whoever writes, through whatever connection: nothing is held twice at a time. The nine days bound
-- what is looked at.
CREATE TRIGGER reservations_never_overlap BEFORE INSERT ON reservations
WHEN EXISTS (
    SELECT 1 FROM reservations r
    WHERE r.subject = NEW.subject AND r.from_ms < NEW.to_ms
      AND r.from_ms > NEW.from_ms - 777600000 AND r.to_ms > NEW.from_ms
      AND r.meeting_id <> NEW.meeting_id
)
BEGIN
    SELECT RAISE(ABORT, 'reservation overlaps');
END;
CREATE TRIGGER reservations_never_change BEFORE UPDATE ON reservations
BEGIN
    SELECT RAISE(ABORT, 'a reservation is never changed');
END;
