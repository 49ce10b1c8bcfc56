-- Says of boards from where their feed is to be read at the next start, for an operator who holds the feed's lease.
--
-- KEYS    meta of each board
-- ARGV    1 owner id under which the lease is held
--         then for each board: version as it was seen   'back' or 'fill'   positions (JSON) that the board is of
--         positions (JSON) to read from   reason   channel of its changes
-- Result  { 'set', version, ... } or { 'moved', number of the first board that is another version, or none any more }
-- Refusals are made before anything is written: all boards of one call change, or none.
-- 'back': what the board is stays as it is, and it shows nothing new before the stream has come up to its positions again.
-- 'fill': it can't be gone on from: it is degraded for that reason until it has been read from the table.
-- The epoch is raised, so that an owner who has not noticed the loss of its lease is fenced; the version moves on, so that
-- no heartbeat speaks for the board any more, and what is to be read again is tied to that version. What the last heartbeat
-- said of the board is therefore told, and stored.

local FIELDS = 6

local function number(text)
  local value = text and tonumber(text)
  if value and value >= 0 and value < 9007199254740991 then return value end
  return nil
end

local function whole(value)
  return string.format('%.0f', value)
end

local boards = {}
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * FIELDS
  local stored = redis.pcall('HMGET', key, 'epoch', 'version')
  if stored.err or not number(stored[1]) or stored[2] ~= ARGV[at] then return { 'moved', i } end
  boards[i] = { epoch = number(stored[1]), version = number(stored[2]), at = at }
end

local clock = redis.call('TIME')
local time = clock[1] * 1000 + math.floor(clock[2] / 1000)
local result = { 'set' }
for i, key in ipairs(KEYS) do
  local board = boards[i]
  local mode, positions, from = ARGV[board.at + 1], ARGV[board.at + 2], ARGV[board.at + 3]
  local reason, channel = ARGV[board.at + 4], ARGV[board.at + 5]
  local version = whole(math.max(board.version + 1, time))
  local epoch = whole(math.max(board.epoch + 1, time))
  redis.call('HSET', key, 'epoch', epoch, 'owner', ARGV[1], 'version', version)
  if mode == 'back' then
    redis.call('HSET', key, 'positions', positions, 'read_from', from, 'read_version', version)
  else
    redis.call('HDEL', key, 'read_from', 'read_version')
    redis.call('HSET', key, 'state', 'degraded', 'reason', reason)
  end
  redis.call('PUBLISH', channel, version)
  result[i + 1] = version
end
return result
