-- 议程 and 参会名单 of a meeting, as the last file that was kept says.
CREATE TABLE meeting_programmes (
    meeting_id INTEGER PRIMARY KEY NOT NULL REFERENCES meetings (id),
    document   TEXT NOT NULL -- JSON: domain::meeting::Programme
) STRICT;
