-- Whether the picture of a device was judged from then on; what was written before says nothing of it and
-- counts as it always did.
ALTER TABLE transitions ADD COLUMN judging TEXT NOT NULL DEFAULT 'untold'
    CHECK (judging IN ('untold', 'judged', 'unjudged'));
ALTER TABLE standings ADD COLUMN judging TEXT NOT NULL DEFAULT 'untold'
    CHECK (judging IN ('untold', 'judged', 'unjudged'));
ALTER TABLE standings ADD COLUMN judged_ms INTEGER; -- when a picture of it was judged last
-- Its entries have a number more; it is a cache and made again.
DELETE FROM day_accounts;
