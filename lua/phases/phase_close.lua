-- phase_close: closes the current phase, whose deadline has passed, and opens the next one with the existing results.
-- INCLUDE lib/core.lua lib/node.lua lib/caps.lua lib/live.lua lib/window.lua lib/events.lua lib/scope.lua lib/children.lua lib/phases.lua
-- KEYS[1] run          the run's record
-- KEYS[2] plan         the seeds of the openers
-- KEYS[3] shard_due    what the sweeper looks at
-- KEYS[4] outbox       events to publish
-- KEYS[5] timeline     events of the run
-- KEYS[6] nodes        ids of the run's nodes
-- KEYS[7] reorder      responses before their node
-- KEYS[8] exec         the module's record
-- KEYS[9..] due*       the due set of each phase
-- KEYS[..] opener*     the node of each opener
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] policy       dispatch grace in ms, windows of hops and requests
-- ARGV[4] phase        the phase
-- CODES PhaseCloseCode 0 CLOSED, 1 ALREADY_CLOSED
-- EFFECTS the phase is closed, its open nodes are due to be drained, and the next phase opens

local m, _, refused = openScope()
if not m then return refused end
local exec, at = m.exec, tonumber(ARGV[4])
local phase = exec.phases[at + 1]
if not phase or S.run.state ~= 'open' or S.run.mark ~= '' or exec.state ~= 'open' or exec.current ~= at or phase.closed ~= '' then
  return reply(1, 'ALREADY_CLOSED', {})
end
phase.closed = 'deadline'
redis.call('ZREM', S.shard, 'd:' .. exec.member .. ':' .. at)
watch(m, at)
advance(m)
saveScope(m)
return reply(0, 'CLOSED', S.wakeUps)
