-- Puts a replayed board in the place of the live one by a difference, if it still is what the difference was made from.
--
-- KEYS    1 zset   2 rows   3 meta
-- ARGV    1 epoch   2 owner id   3 version, each as it was read, or '': there was none
--         4 id of the new owner   5 channel of the changes
--         6 state   7 reason   8 complete (1 or 0)   9 definition   10 positions (JSON)   11 greatest es (JSON)
--         12 as of when the board is known to be the table's, server time in ms, or ''
--         13 number of members that leave   14 number of scores   15 number of rows
--         then: members that leave; (score, member) pairs; (member, row) pairs
-- Result  { 'swapped', epoch, version }, or
--         { 'moved' }   somebody has taken or published the board since it was read: nothing is written
-- Refusal FOREIGNKEY: the zset's key holds another type and no board of ours was there. Nothing is written.
-- Every earlier owner is fenced from here on: epoch = max(stored + 1, server time in ms), as take.lua has it.

local stored = read('HMGET', META, 'epoch', 'owner', 'version')
-- A number that cannot be read was told as none.
local epoch_there, version_there = number(stored[1]), number(stored[3])
local there = { epoch_there and stored[1] or '', stored[2] or '', version_there and stored[3] or '' }
for i = 1, 3 do
  if there[i] ~= ARGV[i] then return { 'moved' } end
end

local kind = redis.call('TYPE', ZSET).ok
if kind ~= 'zset' and kind ~= 'none' then
  if not stored[1] then
    return redis.error_reply('FOREIGNKEY ' .. ZSET .. ' holds a ' .. kind .. ' that is no board: delete or rename it')
  end
  redis.call('DEL', ZSET)
end
kind = redis.call('TYPE', ROWS).ok
if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', ROWS) end

local leaving, scoring, showing = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local scores_from = 16 + leaving
local failure = write('ZREM', ZSET, 16, leaving, 1)
  or write('HDEL', ROWS, 16, leaving, 1)
  or write('ZADD', ZSET, scores_from, scoring, 2)
  or write('HSET', ROWS, scores_from + 2 * scoring, showing, 2)
if failure then return failure end

-- A board that never was gets the same lead over the clock as one that is taken.
local time = now()
local epoch = whole(math.max((epoch_there or 0) + 1, time))
local version = whole(math.max((version_there or 0) + 1, time + (version_there and 0 or 1000)))
redis.call('HSET', META, 'epoch', epoch, 'owner', ARGV[4], 'version', version, 'state', ARGV[6], 'reason', ARGV[7],
  'complete', ARGV[8], 'definition', ARGV[9], 'positions', ARGV[10], 'es', ARGV[11], 'updated_at', whole(time),
  'n', whole(redis.call('ZCARD', ZSET)))
local at = number(ARGV[12])
if at then
  redis.call('HSET', META, 'confirmed_at', whole(math.min(time, at)))
else
  redis.call('HDEL', META, 'confirmed_at')
end
redis.call('PUBLISH', ARGV[5], version)
return { 'swapped', epoch, version }
