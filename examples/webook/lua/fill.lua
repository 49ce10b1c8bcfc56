-- Puts what the database said, unless the claim is gone: the row changed meanwhile, or it took too long.
-- KEYS[1]    the item's hash
-- ARGV[1]    the token it was claimed with
-- ARGV[2..4] read_cnt, like_cnt, collect_cnt
-- ARGV[5]    how long they are kept, ms
-- Result     1 if they were put, else 0
if redis.call('HGET', KEYS[1], 'filling') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'read_cnt', ARGV[2], 'like_cnt', ARGV[3], 'collect_cnt', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
