-- Login budgets by the address that a login was sent to, whatever the URL calls it.

-- The last refusals of each address, over all its channels, that no later success cleared.
CREATE TABLE host_logins (
    address  TEXT PRIMARY KEY NOT NULL, -- IP address
    failures TEXT NOT NULL              -- JSON array of times in ms, at most two
) STRICT, WITHOUT ROWID;

-- Logins that an address refused and has not accepted since.
CREATE TABLE refused_logins (
    address     TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16), -- HMAC of user name and password
    armed       INTEGER NOT NULL CHECK (armed >= 0), -- the re-arming it was sent under
    PRIMARY KEY (address, fingerprint)
) STRICT, WITHOUT ROWID;

-- Hosts by name or in brackets were never met again by their address.
INSERT INTO host_logins (address, failures)
SELECT host, json_extract(state, '$.failures') FROM host_credentials
WHERE host GLOB '[0-9]*.[0-9]*.[0-9]*.[0-9]*' AND host NOT GLOB '*[^0-9.]*'
  AND json_array_length(state, '$.failures') BETWEEN 1 AND 2;
DROP TABLE host_credentials;
DROP INDEX devices_by_host;
ALTER TABLE devices DROP COLUMN host;
