-- Takes over a row as the table has it now, if the item is cached. What is left of its time stays as it is.
-- KEYS[1]    the item's hash
-- ARGV[1..3] read_cnt, like_cnt, collect_cnt
-- Result     1 if they were put, 0 if nothing is cached, -1 if somebody was filling it: whether the query of that one
--            saw this change nobody can tell, so the claim is withdrawn
if redis.call('HEXISTS', KEYS[1], 'filling') == 1 then
  redis.call('DEL', KEYS[1])
  return -1
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'read_cnt', ARGV[1], 'like_cnt', ARGV[2], 'collect_cnt', ARGV[3])
return 1
