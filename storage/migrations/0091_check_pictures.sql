-- The received keyframe that a check went by; NULL: none came, or its time in the recordings is over.
ALTER TABLE check_results ADD COLUMN picture TEXT REFERENCES evidence (key) ON DELETE SET NULL;
CREATE INDEX check_results_by_picture ON check_results (picture) WHERE picture IS NOT NULL;
