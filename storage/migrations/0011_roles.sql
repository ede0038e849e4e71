-- 角色 of each user (domain::Role). Whoever could log in before could do everything, and still can.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'viewer'
    CHECK (role IN ('viewer', 'operator', 'admin'));
UPDATE users SET role = 'admin';
