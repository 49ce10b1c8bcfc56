-- Becomes the board's owner and reads the board: the read at start is the fence.
--
-- KEYS    1 zset   2 rows   3 meta
-- ARGV    1 owner id
-- Result  { epoch, version, zset flat with scores, rows flat, meta flat as it was found }
--         epoch   = max(stored + 1, server time in ms): greater than any before, even where a failover lost some
--         version = the stored one, else a second past the server time in ms: versions go on after a flush
-- Refusal FOREIGNKEY: the zset's key holds another type and no board of ours was there before. Nothing is written.

local stored = read('HGETALL', META)
local meta = {}
for i = 1, #stored, 2 do meta[stored[i]] = stored[i + 1] end

if not meta.epoch then
  local kind = redis.call('TYPE', ZSET).ok
  if kind ~= 'zset' and kind ~= 'none' then
    return redis.error_reply('FOREIGNKEY ' .. ZSET .. ' holds a ' .. kind .. ' that is no board: delete or rename it')
  end
end

-- Nothing stored: flushed, perhaps in this very millisecond, and numbers given out before may be a little ahead of the
-- clock. A second's lead keeps the new ones above them.
local time = now() + (meta.version and 0 or 1000)
local epoch = whole(math.max((number(meta.epoch) or 0) + 1, time))
local version = number(meta.version) and meta.version or whole(time)
local zset, rows = contents()
redis.call('HSET', META, 'epoch', epoch, 'owner', ARGV[1], 'version', version)
return { epoch, version, zset, rows, stored }
