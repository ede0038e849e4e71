-- 邮箱 of who has a shift: what they are told reaches them by mail too. '': not known.
ALTER TABLE duty_shifts ADD COLUMN lead_mail TEXT NOT NULL DEFAULT '';
ALTER TABLE duty_shifts ADD COLUMN backup_mail TEXT NOT NULL DEFAULT '';
