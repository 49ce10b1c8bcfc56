-- Writes a board that nobody keeps in the place of the one that was written to the same keys before, if any.
--
-- KEYS    1 zset   2 rows   3 meta
-- ARGV    1 name of the board   2 '1': whatever the keys hold is replaced, '0': a shadow board is, or nothing
--         3 state   4 reason   5 complete (1 or 0)   6 definition   7 positions (JSON)   8 greatest es (JSON)
--         9 number of members
--         then: (score, member) pairs; (member, row) pairs
-- Result  { 'written' }, or
--         { 'foreign', what the zset's key holds, what the rows' key holds, what the meta's key holds }: types; nothing is
--         written. A shadow board is known by the field `shadow` of its meta.

local types = {}
for i = 1, 3 do types[i] = redis.call('TYPE', KEYS[i]).ok end
local bare = types[1] == 'none' and types[2] == 'none' and types[3] == 'none'
local ours = types[3] == 'hash' and redis.call('HGET', META, 'shadow') ~= false
if not bare and not ours and ARGV[2] ~= '1' then return { 'foreign', types[1], types[2], types[3] } end

redis.call('DEL', ZSET, ROWS, META)
local count = tonumber(ARGV[9])
local failure = write('ZADD', ZSET, 10, count, 2) or write('HSET', ROWS, 10 + 2 * count, count, 2)
if failure then return failure end
redis.call('HSET', META, 'shadow', ARGV[1], 'state', ARGV[3], 'reason', ARGV[4], 'complete', ARGV[5],
  'definition', ARGV[6], 'positions', ARGV[7], 'es', ARGV[8], 'n', ARGV[9], 'updated_at', whole(now()))
return { 'written' }
