-- Writes the feed's heartbeat: its owner says that its boards are those of the positions told.
--
-- KEYS    1 heartbeat   2 lease
-- ARGV    1 owner id   2 the owner's estimate of the server time at sending, or ''
--         3 the rest of the JSON object: "owner":…,"versions":…,"positions":…}   4 life of the key in ms
--         5 ms before the sending as of which the boards are known to be the table's
-- Result  the server time in ms, as text
-- Refusal FENCED: the lease is another owner's. A free lease refuses nothing: the last owner's word stands.
-- The time stored is the earlier of both: a command that a paused Redis runs late confirms what was true when it was
-- sent, not when it ran.

local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
  return redis.error_reply('FENCED the lease is held by ' .. holder)
end
local clock = redis.call('TIME')
local time = clock[1] * 1000 + math.floor(clock[2] / 1000)
local at = math.min(time, tonumber(ARGV[2]) or time) - tonumber(ARGV[5])
redis.call('SET', KEYS[1], '{"at":' .. string.format('%.0f', at) .. ',' .. ARGV[3], 'PX', ARGV[4])
return string.format('%.0f', time)
