-- Photos of a repair, as who was there uploaded them. The files are `recordings/` of their own.
CREATE TABLE work_order_photos (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    work_order_id INTEGER NOT NULL REFERENCES work_orders (id),
    key           TEXT NOT NULL UNIQUE, -- path below their directory
    at_ms         INTEGER NOT NULL,     -- when it was uploaded
    login         TEXT NOT NULL,        -- by whom
    bytes         INTEGER NOT NULL CHECK (bytes > 0),
    sha256        TEXT NOT NULL CHECK (length(sha256) = 64) -- lower-case hex
) STRICT;
CREATE INDEX work_order_photos_by_order ON work_order_photos (work_order_id, id);
CREATE TRIGGER work_order_photos_never_change BEFORE UPDATE ON work_order_photos
BEGIN
    SELECT RAISE(ABORT, 'a photo of a repair is never changed');
END;
