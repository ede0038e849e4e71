-- Since when a venue has another first endpoint, or none: what was signed of the one before says nothing of it.
ALTER TABLE venues ADD COLUMN endpoint_since_ms INTEGER; -- NULL: as long as is known
