-- 值班人员: how somebody is reached is kept once; a shift names them.
CREATE TABLE duty_people (
    name  TEXT PRIMARY KEY NOT NULL CHECK (name <> ''),
    phone TEXT NOT NULL, -- '': not known
    mail  TEXT NOT NULL  -- '': not known
) STRICT, WITHOUT ROWID;
-- What the newest shift knew of each.
INSERT OR REPLACE INTO duty_people
SELECT name, phone, mail FROM (
    SELECT id, lead_name AS name, lead_phone AS phone, lead_mail AS mail FROM duty_shifts
    UNION ALL
    SELECT id, backup_name, backup_phone, backup_mail FROM duty_shifts WHERE backup_name <> ''
) ORDER BY phone <> '' OR mail <> '', id;
ALTER TABLE duty_shifts DROP COLUMN lead_phone;
ALTER TABLE duty_shifts DROP COLUMN lead_mail;
ALTER TABLE duty_shifts DROP COLUMN backup_phone;
ALTER TABLE duty_shifts DROP COLUMN backup_mail;
CREATE INDEX duty_shifts_by_lead ON duty_shifts (lead_name);
CREATE INDEX duty_shifts_by_backup ON duty_shifts (backup_name);
