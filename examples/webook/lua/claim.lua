-- Reads an item's cached counts, or takes the right to fill them.
-- KEYS[1]  the item's hash
-- ARGV[1]  token of whoever would fill it
-- ARGV[2]  how long it may take to, ms
-- Result   {read_cnt, like_cnt, collect_cnt} if they are cached; "claimed"; "busy" if another is filling them
local found = redis.call('HMGET', KEYS[1], 'read_cnt', 'like_cnt', 'collect_cnt')
if found[1] and found[2] and found[3] then return found end
if redis.call('HEXISTS', KEYS[1], 'filling') == 1 then return 'busy' end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'filling', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'claimed'
