-- Gives the lease back, if it is still this owner's.
--
-- KEYS    1 lease
-- ARGV    1 owner id
-- Result  1 given back, 0 it was not ours

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
