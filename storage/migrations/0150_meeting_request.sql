-- What the request was that booked a meeting: its key asked again with something else is not the same request.
ALTER TABLE meetings ADD COLUMN request_digest TEXT;
