-- ptm_abandon: gives a lease up; neither an attempt nor a crash is counted.
-- INCLUDE lib/core.lua lib/node.lua lib/gate.lua lib/live.lua
-- KEYS[1] exec         the module's record
-- KEYS[2] node         the node
-- KEYS[3] due          its phase's due set
-- KEYS[4] shard_due    what the sweeper looks at
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] phase        the node's phase
-- ARGV[3] id           the node's id
-- ARGV[4] token        the lease's fencing value
-- ARGV[5] delay_ms     when the node is due, from now on
-- CODES AbandonCode 0 ABANDONED, 1 FENCING_REJECT
-- EFFECTS processing to pending in the next epoch

local at = tonumber(ARGV[2])
local exec = execGate(KEYS[1])
local n = findNode(KEYS[2], exec, at)
if not n or n.state ~= 'processing' or n.token ~= ARGV[4] then return reply(1, 'FENCING_REJECT') end
expectDue(KEYS[3], KEYS[4])
n.state, n.epoch, n.attempts, n.owner, n.token = 'pending', n.epoch + 1, math.max(0, n.attempts - 1), '', ''
writeNode(KEYS[2], n)
setDue(KEYS[3], KEYS[4], exec, at, ARGV[3], clock() + ARGV[5])
return reply(0, 'ABANDONED')
