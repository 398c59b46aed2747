-- ptm_replay: re-opens a dead node with fresh budgets, and lifts the marks of its module and run.
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
-- KEYS[..] node        the node
-- KEYS[..] all*        the record of each module of the run
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] policy       dispatch grace in ms, windows of hops and requests
-- ARGV[4] id           the node's id
-- ARGV[5] rejoin       1: later phases run again once this one is empty
-- CODES ReplayCode 0 REPLAYED, 1 NOT_REPLAYABLE, 2 DRAINING, 3 UNKNOWN_NODE
-- EFFECTS dead to pending in the next epoch; an ended run is open again; a phase that is empty by now closes

local m, at, refused = openScope()
if not m then return refused end
local exec, run, key, id = m.exec, S.run, KEYS[at], ARGV[4]
local n = readNode(key)
if not n or n.module ~= exec.at or run.state == 'expired' then return reply(3, 'UNKNOWN_NODE', {}) end
if n.state ~= 'dead' or n.reason == 'superseded' then return reply(1, 'NOT_REPLAYABLE', {}) end

local all = {}
for i = at + 1, #KEYS do all[#all + 1] = { key = KEYS[i], exec = KEYS[i] == KEYS[8] and exec or load(KEYS[i]) } end
local function leavesBehind(other)
  for _, phase in ipairs(other.phases) do
    local open = openOf(phase)
    if open > 0 and (isMarked(other) or (phase.closed ~= '' and open > phase.reopened)) then return true end
  end
  return false
end
if run.state == 'open' then
  for _, other in ipairs(all) do
    if leavesBehind(other.exec) then return reply(2, 'DRAINING', {}) end
  end
else
  -- Records the end of modules that the run's mark ended; until now only the run's end implied it.
  for _, other in ipairs(all) do
    if other.exec.state == 'open' then
      setModuleState(other.exec, 'terminated', run.reason)
      save(other.key, other.exec)
    end
  end
  run.openings = run.openings + 1
  redis.call('ZREM', S.shard, 'r:' .. run.member)
end

run.state, run.mark, run.reason, run.executions, run.errors = 'open', '', '', 0, 0
setModuleState(exec, 'open', '')
exec.executions, exec.errors, exec.streak, exec.cooldown = 0, 0, 0, 0
if ARGV[5] == '1' then
  for i = n.phase + 1, #exec.phases do
    local later = exec.phases[i]
    later.closed = ''
    -- The deadline does not apply to a replayed run.
    if later.deadline <= S.now then later.deadline = 0 end
  end
  if n.phase < exec.current then exec.current, exec.front, exec.revision = n.phase, n.phase, exec.revision + 1 end
end
local phase = exec.phases[n.phase + 1]
local due = S.now + graceMs(0)
n.reopened = phase.closed == '' and 0 or 1
reopen(m, key, id, n, due)
notify(id, n)
watchLeftBehind(m)
local current = exec.phases[exec.current + 1]
if current and current.deadline > 0 then
  redis.call('ZADD', S.shard, scoreOfTime(current.deadline), 'd:' .. exec.member .. ':' .. exec.current)
end
if exec.earlyAt > 0 then redis.call('ZADD', S.shard, scoreOfTime(exec.earlyAt), 'e:' .. exec.member) end
-- Its nodes that were not re-opened are left out as before.
if leavesOutNodes(run) then redis.call('ZADD', S.shard, scoreOfEnd(S.now), 'r:' .. run.member) end
-- The phase in which a mark stopped the module may be empty by now; it closes here.
advance(m)
saveScope(m)
return reply(0, 'REPLAYED', S.wakeUps)
