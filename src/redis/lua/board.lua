-- Shared head of the scripts on one board: scripts.ts puts it before them. It defines functions and touches no key.
--
-- KEYS  1 zset (member, score)   2 rows (hash: member -> JSON)   3 meta (hash)
--
-- Numbers: Lua's tostring keeps 14 digits, so every number that leaves goes through whole(). Scores stay texts.
-- Wrong types: rows and meta lie under our own prefix, so a key of another type there is deleted. The zset's name may
-- be anything the configuration says, so it is deleted only by an owner of a board that was there before.

local ZSET, ROWS, META = KEYS[1], KEYS[2], KEYS[3]

local function whole(number)
  return string.format('%.0f', number)
end

-- A text as a whole number, or nil if it is none that whole() would print: a foreign write, or nothing stored.
local function number(text)
  local value = text and tonumber(text)
  if value and value >= 0 and value < 9007199254740991 and whole(value) == text then return value end
  return nil
end

-- Server time in ms since 1970.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function wrong_type(reply)
  return type(reply) == 'table' and reply.err ~= nil and string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil
end

-- The reply of a read; a key of another type is deleted and read as empty.
local function read(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if wrong_type(reply) then
    redis.call('DEL', key)
    return {}
  end
  if reply.err then return redis.call(command, key, ...) end -- raises it as Redis would
  return reply
end

-- Sends `count` items of `width` values from ARGV; returns the error reply, if any. In chunks of 1,000 items, since Lua's
-- unpack fails near 8,000 values.
local function write(command, key, from, count, width)
  local last = from + count * width - 1
  for start = from, last, 1000 * width do
    local reply = redis.pcall(command, key, unpack(ARGV, start, math.min(start + 1000 * width - 1, last)))
    if type(reply) == 'table' and reply.err then return reply end
  end
  return nil
end

-- The zset with scores and the rows, both flat. Rows without a place in the zset are removed on the way: no diff made
-- from the members could ever name them.
local function contents()
  local zset = read('ZRANGE', ZSET, 0, -1, 'WITHSCORES')
  local rows = read('HGETALL', ROWS)
  local placed = {}
  for i = 1, #zset, 2 do placed[zset[i]] = true end
  local strays = {}
  for i = 1, #rows, 2 do
    if not placed[rows[i]] then strays[#strays + 1] = rows[i] end
  end
  for from = 1, #strays, 1000 do
    redis.call('HDEL', ROWS, unpack(strays, from, math.min(from + 999, #strays)))
  end
  return zset, rows
end
