-- 允许测试呼叫: whether an endpoint may be called to test it. Nobody is called who was not named.
ALTER TABLE devices ADD COLUMN test_call TEXT CHECK (test_call IN ('permitted', 'forbidden'));
