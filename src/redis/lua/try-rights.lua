-- Tries the commands of the other scripts, so that what an ACL, a replica or a full memory forbids is known beforehand.
-- The key is one that nobody has, and no command makes it: nothing is written. What is published nobody hears.
--
-- KEYS    1 a key that does not exist
-- ARGV    1 a channel
-- Result  { command, error, command, error, … } of those that were refused; empty: all may be used
-- HSET has no form that writes nothing: HDEL stands for it.

local refused = {}
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    refused[#refused + 1] = (...)
    refused[#refused + 1] = reply.err
  end
end

local key = KEYS[1]
try('TIME')
try('TYPE', key)
try('GET', key)
try('PTTL', key)
try('HGET', key, 'x')
try('HMGET', key, 'x')
try('HGETALL', key)
try('HEXISTS', key, 'x')
try('HSCAN', key, '0')
try('ZRANGE', key, 0, -1)
try('ZCARD', key)
try('SET', key, 'x', 'XX')
try('PEXPIRE', key, 1)
try('DEL', key)
try('HDEL', key, 'x')
try('ZADD', key, 'XX', 1, 'x')
try('ZREM', key, 'x')
try('PUBLISH', ARGV[1], '0')
return refused
