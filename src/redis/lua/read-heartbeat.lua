-- The feed's heartbeat and the clock it was written by: both of one server, also in a cluster.
--
-- KEYS    1 heartbeat
-- Result  { heartbeat (JSON) or false, server time in ms as text }

local clock = redis.call('TIME')
return { redis.call('GET', KEYS[1]), string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)) }
