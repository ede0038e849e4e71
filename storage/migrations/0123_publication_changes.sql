-- What became different of days that are over while reports were published: kept until the night has made
-- anew every report that overlaps it and that was published before. One row for the UTC day in which the
-- earliest of it lies.
CREATE TABLE publication_changes (
    utc_day INTEGER PRIMARY KEY NOT NULL, -- days since 1970-01-01
    from_ms INTEGER NOT NULL,
    to_ms   INTEGER NOT NULL,
    seq     INTEGER NOT NULL  -- of the newest publication when it last changed
) STRICT;
CREATE TRIGGER account_changes_reach_publications AFTER INSERT ON account_changes
WHEN EXISTS (SELECT 1 FROM publications
             WHERE to_day >= date(new.from_ms / 1000 - 86400, 'unixepoch'))
BEGIN
    INSERT INTO publication_changes (utc_day, from_ms, to_ms, seq)
    SELECT new.from_ms / 86400000, new.from_ms, new.to_ms, max(seq) FROM publications WHERE true
    ON CONFLICT (utc_day) DO UPDATE SET from_ms = min(from_ms, excluded.from_ms),
        to_ms = max(to_ms, excluded.to_ms), seq = max(seq, excluded.seq);
END;
