-- Wall boards that look without a login: what a token opens is /wall and nothing else.
CREATE TABLE wall_tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL CHECK (name <> ''),            -- which board, in which room
    sha256     TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64), -- of the token, lower-case hex
    created_ms INTEGER NOT NULL,
    login      TEXT NOT NULL,                               -- who made it
    revoked_ms INTEGER                                      -- since when it opens nothing
) STRICT;
