-- Changes what a split board's registry says, if the caller still owns the split board.
--
-- KEYS    1 registry (hash: value of a group -> version last vouched for, or '')   2 meta of the split board
-- ARGV    1 epoch   2 owner id
--         3 number of this vouching or removal, or '' (it has none, or more of it follows)
--         4 number of the last vouching that was answered, or '' (it begins anew: all groups have been registered again)
--         5 number of groups that are set   6 number of groups that are removed
--         7 positions (JSON) at which the groups that are removed had no row, or ''
--         then: (value, version or '') pairs; values
-- Result  'done', 'fenced' (another epoch or owner), or 'lost': no readable meta, or the last vouching was an earlier or
--         a later one (flushed, failed over to a server that lacks the last writes, or this comes late)
-- Refusals are made before anything is written. A registry of another type lies under our own prefix: it is deleted.
-- The number of the vouching is the last thing written: whoever finds it finds all that was vouched for under it.

local REGISTRY, META = KEYS[1], KEYS[2]
local CHUNK = 1000

local function wrong_type(reply)
  return type(reply) == 'table' and reply.err ~= nil and string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil
end

local stored = redis.pcall('HMGET', META, 'epoch', 'owner', 'vouched')
if wrong_type(stored) then return 'lost' end
if stored.err then return stored end
if not stored[1] or not stored[2] then return 'lost' end
if stored[1] ~= ARGV[1] or stored[2] ~= ARGV[2] then return 'fenced' end
-- In between there may be one that was carried out and not answered; a later one makes this one late.
local last = tonumber(stored[3] or '0') or -1
if ARGV[3] ~= '' and ARGV[4] ~= '' and (last < tonumber(ARGV[4]) or last > tonumber(ARGV[3])) then return 'lost' end

local kind = redis.call('TYPE', REGISTRY).ok
if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', REGISTRY) end

local function write(command, from, count, width)
  local last = from + count * width - 1
  for start = from, last, CHUNK * width do
    redis.call(command, REGISTRY, unpack(ARGV, start, math.min(start + CHUNK * width - 1, last)))
  end
end

local setting, removing = tonumber(ARGV[5]), tonumber(ARGV[6])
write('HSET', 8, setting, 2)
write('HDEL', 8 + 2 * setting, removing, 1)
if ARGV[7] ~= '' then redis.call('HSET', META, 'removed_at', ARGV[7]) end
if ARGV[3] ~= '' then redis.call('HSET', META, 'vouched', ARGV[3]) end
return 'done'
