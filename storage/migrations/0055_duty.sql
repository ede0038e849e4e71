-- 值班: half-open shifts of one roster, who signed in, what was handed over.
CREATE TABLE duty_shifts (
    id           INTEGER PRIMARY KEY NOT NULL, -- 班次号
    from_ms      INTEGER NOT NULL,
    to_ms        INTEGER NOT NULL CHECK (to_ms > from_ms), -- first moment that is no longer of it
    lead_name    TEXT NOT NULL CHECK (lead_name <> ''),
    lead_phone   TEXT NOT NULL,
    backup_name  TEXT NOT NULL, -- '': nobody
    backup_phone TEXT NOT NULL
) STRICT;
CREATE INDEX duty_shifts_by_end ON duty_shifts (to_ms);
CREATE INDEX duty_shifts_by_begin ON duty_shifts (from_ms);
-- One moment has one shift, whoever writes.
CREATE TRIGGER duty_shifts_never_overlap BEFORE INSERT ON duty_shifts
WHEN EXISTS (SELECT 1 FROM duty_shifts WHERE to_ms > NEW.from_ms AND from_ms < NEW.to_ms)
BEGIN
    SELECT RAISE(ABORT, 'shifts overlap');
END;
CREATE TRIGGER duty_shifts_keep_their_time BEFORE UPDATE OF from_ms, to_ms ON duty_shifts
BEGIN
    SELECT RAISE(ABORT, 'the time of a shift is never changed');
END;

CREATE TABLE duty_entries (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    shift_id INTEGER NOT NULL REFERENCES duty_shifts (id),
    at_ms    INTEGER NOT NULL,
    login    TEXT NOT NULL CHECK (login <> ''), -- who, as they logged in
    text     TEXT -- 交接班 in words; NULL: 签到
) STRICT;
CREATE INDEX duty_entries_by_shift ON duty_entries (shift_id, id);
CREATE TRIGGER duty_entries_never_change BEFORE UPDATE ON duty_entries
BEGIN
    SELECT RAISE(ABORT, 'what was signed or handed over is never changed');
END;
CREATE TRIGGER duty_entries_never_go BEFORE DELETE ON duty_entries
BEGIN
    SELECT RAISE(ABORT, 'what was signed or handed over is never deleted');
END;
