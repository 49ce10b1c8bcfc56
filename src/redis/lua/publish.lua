-- Turns the board in Redis into the next one by a difference, if it still is what the difference was made from.
--
-- KEYS    1 zset   2 rows   3 meta
-- ARGV    1 epoch   2 owner id   3 version the difference was made from
--         4 channel of the changes
--         5 state   6 reason   7 complete (1 or 0)   8 definition   9 positions (JSON)   10 greatest es (JSON)
--         11 as of when the board is known to be the table's, by the owner's estimate of the server time at sending, or ''
--         12 the server time of the owner's last confirmation, or ''
--         13 number of members that leave   14 number of scores   15 number of rows
--         then: members that leave; (score, member) pairs; (member, row) pairs
-- Result  { 'published', version }
--         { 'lost' }    no readable meta: flushed, or failed over to an empty server
--         { 'fenced' }  another epoch or owner
--         { 'moved', version, zset flat with scores, rows flat }
--                       another version, or a key had the wrong type (it was deleted): diff again from what is told
-- Refusals are made before anything is written, but for the wrong type, which says what is there afterwards.
-- Order of writes: members leave before any enters, so the zset never holds more than N, and a full listpack of 128
-- stays one. Only what the difference holds is sent.
-- With an empty difference meta alone is written; version and channel move only if state or reason did.

local stored = redis.pcall('HMGET', META, 'epoch', 'owner', 'version', 'state', 'reason', 'confirmed_at')
if wrong_type(stored) then return { 'lost' } end
if stored.err then return stored end
if not stored[1] or not stored[2] or not number(stored[3]) then return { 'lost' } end
if stored[1] ~= ARGV[1] or stored[2] ~= ARGV[2] then return { 'fenced' } end

local function moved()
  local zset, rows = contents()
  return { 'moved', stored[3], zset, rows }
end

if stored[3] ~= ARGV[3] then return moved() end

local leaving, scoring, showing = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local leave_from = 16
local scores_from = leave_from + leaving
local rows_from = scores_from + 2 * scoring

local failure = write('ZREM', ZSET, leave_from, leaving, 1)
  or write('HDEL', ROWS, leave_from, leaving, 1)
  or write('ZADD', ZSET, scores_from, scoring, 2)
  or write('HSET', ROWS, rows_from, showing, 2)
if failure then
  if wrong_type(failure) then return moved() end
  return failure
end

local time = now()
local state, reason = ARGV[5], ARGV[6]
local differs = leaving + scoring + showing > 0
local changed = differs or stored[4] ~= state or stored[5] ~= reason
local version = stored[3]
if changed then version = whole(math.max(number(stored[3]) + 1, time)) end

local fields = {
  'state', state, 'reason', reason, 'complete', ARGV[7], 'definition', ARGV[8],
  'positions', ARGV[9], 'es', ARGV[10], 'updated_at', whole(time),
}
local function set(field, value)
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end
if changed then set('version', version) end
if differs then set('n', whole(redis.call('ZCARD', ZSET))) end

-- When the content was last known to be the table's: as its owner says, for a board that says so (at the latest when it
-- was sent, if Redis sat on the command), and never earlier than before; a board that goes stale keeps the time of its owner's last confirmation.
local function exact(which)
  return which == 'exact' or which == 'assumed'
end
if exact(state) then
  set('confirmed_at', whole(math.max(number(stored[6]) or 0, math.min(time, number(ARGV[11]) or time))))
elseif exact(stored[4]) then
  set('confirmed_at', whole(math.max(number(stored[6]) or 0, math.min(time, number(ARGV[12]) or 0))))
end

redis.call('HSET', META, unpack(fields))
if changed then redis.call('PUBLISH', ARGV[4], version) end
return { 'published', version }
