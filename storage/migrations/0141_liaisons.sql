-- 公安联络员: confirms exclusions. Never one of a maintainer's people.
ALTER TABLE users ADD COLUMN liaison INTEGER NOT NULL DEFAULT 0
    CHECK (liaison IN (0, 1) AND (liaison = 0 OR maintainer_id IS NULL));
