-- etm_retry_schedule: schedules a manual retry of a node that waits for its decision.
-- INCLUDE lib/core.lua lib/node.lua lib/gate.lua lib/live.lua lib/window.lua lib/retry.lua
-- KEYS[1] run          the run's record
-- KEYS[2] exec         the module's record
-- KEYS[3] node         the node
-- KEYS[4] due          its phase's due set
-- KEYS[5] shard_due    what the sweeper looks at
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] phase        the node's phase
-- ARGV[3] id           the node's id
-- ARGV[4] delay_ms     how long it waits
-- ARGV[5] max_attempts executions of a node
-- CODES RetryCode 0 RETRY_SCHEDULED, 1 RETRY_NOT_ALLOWED, 2 MAX_RETRY_EXCEEDED
-- EFFECTS failed to retry in the next epoch

local exec = execGate(KEYS[2])
local n = findNode(KEYS[3], exec, tonumber(ARGV[2]))
if not n or n.state ~= 'failed' or not isLive(runGate(KEYS[1]), exec, closedOf(exec, n.phase), n) then return reply(1, 'RETRY_NOT_ALLOWED') end
if n.attempts >= tonumber(ARGV[5]) then return reply(2, 'MAX_RETRY_EXCEEDED') end
expectDue(KEYS[4], KEYS[5])
local counted, now = load(KEYS[2]), clock()
scheduleRetry(KEYS[3], KEYS[4], KEYS[5], counted, ARGV[3], n, now + ARGV[4])
save(KEYS[2], counted)
-- The sweeper looks whether the place in the window that became free is to be filled.
redis.call('ZADD', KEYS[5], 'XX', 'LT', now, 'p:' .. exec.member .. ':' .. n.phase)
return reply(0, 'RETRY_SCHEDULED')
