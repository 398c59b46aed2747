-- scope_drain: drains a batch of nodes of a scope that a mark or a deadline has ended, or of those that a cap leaves out.
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
-- KEYS[..] node*       open nodes of the phase when the caller read its set
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] policy       dispatch grace in ms, windows of hops and requests
-- ARGV[4] phase        the phase
-- ARGV[5..] id*        the nodes' ids
-- CODES DrainCode 0 DRAINED, 1 NOTHING_TO_DRAIN
-- EFFECTS the nodes are dead with the mark's reason, or left out; phases, module and run closed when empty

local m, at, refused = openScope()
if not m then return refused end
local exec, run, phaseAt = m.exec, S.run, tonumber(ARGV[4])
local phase = exec.phases[phaseAt + 1]
local marked = isMarked(exec)
local isOver = marked or (phase and phase.closed ~= '')
if not phase or run.state ~= 'open' or not (isOver or leavesOutNodes(run)) then
  return reply(1, 'NOTHING_TO_DRAIN', { 0, 0 })
end

local reason = 'deadline_exceeded'
if run.mark == 'cancelled' then
  reason = 'cancelled'
elseif marked then
  reason = 'terminated'
elseif not isOver then
  reason = 'left_out'
end
for i = at, #KEYS do expectType('string', KEYS[i]) end
local ended, kept = 0, 0
for i = at, #KEYS do
  local id = ARGV[5 + i - at]
  local n = readNode(KEYS[i])
  if n and n.module == exec.at and n.phase == phaseAt and n.state ~= 'done' and n.state ~= 'dead' then
    -- A releasing node dies too: its items are kept, and a replay can still create the missing children.
    local ends = marked or n.reopened == 0
    if not isOver then ends = isLeftOut(run, exec, n) end
    if ends then
      endDead(m, KEYS[i], id, n, reason)
      ended = ended + 1
    else
      kept = kept + 1
    end
  end
end
if not isOver then run.used.leftOut = run.used.leftOut + ended end
if ended == 0 then return reply(1, 'NOTHING_TO_DRAIN', { 0, kept }) end
if exec.state == 'open' and run.mark == '' then advance(m) else closeRunIfOver() end
saveScope(m)
return reply(0, 'DRAINED', { ended, kept })
