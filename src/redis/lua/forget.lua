-- Deletes a board that has nothing left to show, if it still is what its owner knows of it.
--
-- KEYS    1 zset   2 rows   3 meta
-- ARGV    1 epoch   2 owner id   3 version as the owner knows it   4 channel of the changes
-- Result  { 'forgotten' }, { 'lost' } (no readable meta: it is gone already), { 'fenced' } (another epoch or owner), or
--         { 'moved', version, zset flat with scores, rows flat } (another version: nothing is deleted)
-- The message on the channel is the version 0, which no board ever has.

local stored = redis.pcall('HMGET', META, 'epoch', 'owner', 'version')
if wrong_type(stored) then return { 'lost' } end
if stored.err then return stored end
if not stored[1] or not stored[2] or not number(stored[3]) then return { 'lost' } end
if stored[1] ~= ARGV[1] or stored[2] ~= ARGV[2] then return { 'fenced' } end
if stored[3] ~= ARGV[3] then
  local zset, rows = contents()
  return { 'moved', stored[3], zset, rows }
end
redis.call('DEL', ZSET, ROWS, META)
redis.call('PUBLISH', ARGV[4], '0')
return { 'forgotten' }
