-- ptm_renew: extends a lease if its token matches; also an expired one, if nobody took the node over.
-- INCLUDE lib/core.lua lib/node.lua
-- KEYS[1] node         the node
-- KEYS[2] due          its phase's due set
-- KEYS[3] shard_due    what the sweeper looks at
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] id           the node's id
-- ARGV[3] token        the lease's fencing value
-- ARGV[4] lease_ms     how long the lease holds from now on
-- ARGV[5] member       the phase's member of the shard's due set
-- CODES RenewCode 0 RENEWED, 1 FENCING_REJECT
-- EFFECTS moves the node's due time; the node itself is not written

local n = readNode(KEYS[1])
if not n or n.state ~= 'processing' or n.token ~= ARGV[3] or not redis.call('ZSCORE', KEYS[2], ARGV[2]) then
  return reply(1, 'FENCING_REJECT')
end
expectType('zset', KEYS[3])
local due = string.format('%d', clock() + ARGV[4])
redis.call('ZADD', KEYS[2], due, ARGV[2])
redis.call('ZADD', KEYS[3], 'XX', 'LT', due, ARGV[5])
return reply(0, 'RENEWED')
