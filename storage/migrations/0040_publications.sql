-- Published reports. A row is written once: what changes later is another revision of its number. Each
-- row is chained to the one before it, so that a changed past shows.
CREATE TABLE publications (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    number       TEXT NOT NULL CHECK (number <> ''), -- 2026-D-0325
    revision     INTEGER NOT NULL CHECK (revision > 0),
    kind         TEXT NOT NULL,    -- report::PeriodKind
    from_day     TEXT NOT NULL CHECK (length(from_day) = 10), -- YYYY-MM-DD, local
    to_day       TEXT NOT NULL CHECK (length(to_day) = 10),   -- YYYY-MM-DD, local; counted in
    cut_off      TEXT NOT NULL,    -- HH:MM, when a day ends
    policy       TEXT NOT NULL,    -- id@version
    policy_id    TEXT NOT NULL,
    published_ms INTEGER NOT NULL,
    login        TEXT NOT NULL,    -- who published it, as they logged in; '' for the schedule
    changes      TEXT NOT NULL,    -- JSON: report::Change, against the revision before; [] for the first
    body         TEXT NOT NULL,    -- JSON: report::Document
    previous     TEXT NOT NULL,    -- digest of the row before; '' for the first
    digest       TEXT NOT NULL CHECK (length(digest) = 64), -- SHA-256, lower-case hex, of all of this
    UNIQUE (number, revision)
) STRICT;
CREATE INDEX publications_by_day ON publications (to_day);
CREATE INDEX publications_by_kind ON publications (kind, policy_id, cut_off, to_day);
CREATE TRIGGER publications_never_change BEFORE UPDATE ON publications
BEGIN
    SELECT RAISE(ABORT, 'a published report is never changed');
END;
CREATE TRIGGER publications_never_go BEFORE DELETE ON publications
BEGIN
    SELECT RAISE(ABORT, 'a published report is never deleted');
END;

-- Which publications were written to which folder.
CREATE TABLE deliveries (
    seq          INTEGER NOT NULL REFERENCES publications (seq),
    folder       TEXT NOT NULL,
    delivered_ms INTEGER NOT NULL,
    PRIMARY KEY (seq, folder)
) STRICT, WITHOUT ROWID;
