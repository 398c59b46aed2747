-- early_open: opens the later phases of a module once on what there is, while the current phase stays open.
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
-- CODES EarlyOpenCode 0 OPENED, 1 NOT_OPENED
-- EFFECTS the next phase is open beside the current one, and further ones as long as these are empty

local m, _, refused = openScope()
if not m then return refused end
local exec, run = m.exec, S.run
if run.state ~= 'open' or run.mark ~= '' or exec.state ~= 'open' or exec.earlyAt == 0 then
  return reply(1, 'NOT_OPENED', {})
end
exec.earlyAt = 0
redis.call('ZREM', S.shard, 'e:' .. exec.member)
local current, hasOpener = exec.phases[exec.current + 1], false
for at = exec.current + 2, #exec.phases do hasOpener = hasOpener or exec.phases[at].opener end
if not current or not hasOpener or not joinHolds(current) then
  saveScope(m)
  return reply(1, 'NOT_OPENED', {})
end
openNextEarly(m)
saveScope(m)
return reply(0, 'OPENED', S.wakeUps)
