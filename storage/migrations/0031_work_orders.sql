-- 工单: the repair of an incident, or what somebody reported (报修). How an order stands is what was done
-- to it; `state` and `done_ms` are kept beside for lists.
CREATE TABLE work_orders (
    id            INTEGER PRIMARY KEY NOT NULL, -- 工单号
    incident_id   INTEGER REFERENCES incidents (id), -- NULL: it was reported
    category      TEXT NOT NULL CHECK (category IN ('terminal', 'network', 'video', 'meeting')),
    title         TEXT NOT NULL CHECK (title <> ''),
    place         TEXT NOT NULL,           -- where, in words
    caller        TEXT NOT NULL,           -- 报修人; '' where nobody called
    unit          TEXT NOT NULL,           -- 报修单位
    phone         TEXT NOT NULL,           -- of the caller
    maintainer_id TEXT REFERENCES maintainers (id), -- who has it; NULL: nobody yet
    limit_ms      INTEGER NOT NULL CHECK (limit_ms > 0), -- 修复时限, time of its calendar
    calendar      TEXT NOT NULL CHECK (calendar IN ('always', 'working')),
    opened_ms     INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('unassigned', 'working', 'stopped', 'proving', 'done', 'cancelled')),
    done_ms       INTEGER, -- when it was repaired
    CHECK ((state = 'done') = (done_ms IS NOT NULL))
) STRICT;
CREATE INDEX work_orders_open ON work_orders (opened_ms) WHERE state NOT IN ('done', 'cancelled');
CREATE INDEX work_orders_by_time ON work_orders (opened_ms);
CREATE INDEX work_orders_by_maintainer ON work_orders (maintainer_id, opened_ms);
-- An incident has one open order at most.
CREATE UNIQUE INDEX work_orders_by_incident ON work_orders (incident_id)
    WHERE incident_id IS NOT NULL AND state NOT IN ('done', 'cancelled');
CREATE INDEX work_orders_of_incident ON work_orders (incident_id, id);

CREATE TABLE work_order_steps (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    work_order_id INTEGER NOT NULL REFERENCES work_orders (id),
    at_ms         INTEGER NOT NULL,
    login         TEXT NOT NULL, -- who, as they logged in; '': the platform
    act           TEXT NOT NULL, -- domain::work_order::WorkAct
    reason        TEXT,          -- domain::work_order::StopReason
    maintainer_id TEXT REFERENCES maintainers (id),
    note          TEXT NOT NULL
) STRICT;
CREATE INDEX work_order_steps_by_order ON work_order_steps (work_order_id, id);
CREATE INDEX work_order_steps_by_maintainer ON work_order_steps (maintainer_id);
CREATE TRIGGER work_order_steps_never_change BEFORE UPDATE ON work_order_steps
BEGIN
    SELECT RAISE(ABORT, 'what was done to a work order is never changed');
END;
CREATE TRIGGER work_order_steps_never_go BEFORE DELETE ON work_order_steps
BEGIN
    SELECT RAISE(ABORT, 'what was done to a work order is never deleted');
END;
CREATE TRIGGER work_orders_never_go BEFORE DELETE ON work_orders
BEGIN
    SELECT RAISE(ABORT, 'a work order is never deleted');
END;

-- 运维单位 a user belongs to; such a user sees and changes only the work orders of it.
ALTER TABLE users ADD COLUMN maintainer_id TEXT REFERENCES maintainers (id);
CREATE INDEX users_by_maintainer ON users (maintainer_id);

-- 反复故障: roots of a period.
CREATE INDEX incidents_by_time ON incidents (since_ms);
