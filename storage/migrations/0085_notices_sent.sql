-- 会议通知 by the channels. What became of the messages stands in the outbox, under the page of the notice.
ALTER TABLE meeting_notices ADD COLUMN mail TEXT NOT NULL DEFAULT '';
-- How often it was put into the outbox, and how many messages came of it the last time: 0 where nobody could
-- be reached by what is known of them.
ALTER TABLE meeting_notices ADD COLUMN sends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meeting_notices ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
-- When its address was first opened.
ALTER TABLE meeting_notices ADD COLUMN seen_ms INTEGER;
