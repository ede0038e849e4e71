-- The TLS certificate of each device that speaks TLS: the first one seen is kept by itself, another
-- one waits until an operator accepts it.
CREATE TABLE certificates (
    device_id     TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    fingerprint   TEXT NOT NULL CHECK (length(fingerprint) = 64), -- SHA-256 of the DER, lower-case hex
    first_seen_ms INTEGER NOT NULL,
    offered       TEXT CHECK (length(offered) = 64), -- another one that the device shows of late
    offered_ms    INTEGER CHECK ((offered IS NULL) = (offered_ms IS NULL)) -- since when
) STRICT;
