-- Takes the feed's lease if it is free, already this owner's, or (if asked) held under the same instance name.
-- Renewing is the same: a holder whose lease is gone (flushed, failed over) and that nobody has taken since writes it
-- anew; the boards' epochs find out whether somebody had it in between.
--
-- KEYS    1 lease
-- ARGV    1 owner id: instance name, a colon, a token without colons   2 life in ms
--         3 '1': a lease under the same instance name is ours to take back (a restart), '0': it is not
-- Result  { 1, owner id, life in ms } taken, or { 0, holder's owner id, ms it still has }

local holder = redis.call('GET', KEYS[1])
local function name(owner)
  return string.match(owner, '^(.*):[^:]*$')
end
if not holder or holder == ARGV[1] or (ARGV[3] == '1' and name(holder) == name(ARGV[1])) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return { 1, ARGV[1], tonumber(ARGV[2]) }
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then -- no lease of ours lacks an end: give it one, else it would stand for ever
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
return { 0, holder, left }
