-- 值班人员: as whom somebody logs in, so that who signs in is known to be who is on the roster.
ALTER TABLE duty_people ADD COLUMN login TEXT NOT NULL DEFAULT ''; -- '': not known
CREATE UNIQUE INDEX duty_people_by_login ON duty_people (login) WHERE login <> '';
