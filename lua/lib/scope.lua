-- A run and one of its modules, for transitions that may end nodes, open phases and close the run.
-- KEYS[1..8] run plan shard_due outbox timeline nodes reorder exec; then a due set per phase, then a node per opener.
-- ARGV[1..3] now layout policy: dispatch grace in ms, and the windows of hops and requests, by commas.

local S = {
  now = clock(), run = load(KEYS[1]), plan = KEYS[2], shard = KEYS[3], outbox = KEYS[4],
  timeline = KEYS[5], nodes = KEYS[6], reorder = KEYS[7], wakeUps = {}, released = {},
}
local LONGEST_GRACE_MS = 3600000
do
  local grace, windows = string.match(ARGV[3], '^(%d+),(.*)$')
  S.grace, S.windows = tonumber(grace), windows
end

local function graceMs(dispatches)
  return math.min(S.grace * 2 ^ math.min(dispatches, 30), LONGEST_GRACE_MS)
end

-- A module with the keys of its phases; also returns the index of the first key after them.
local function openModule(execKey, exec, at)
  local m = { key = execKey, exec = exec, due = {}, openers = {} }
  for i = 1, #exec.phases do m.due[i] = KEYS[at + i - 1] end
  at = at + #exec.phases
  for i, phase in ipairs(exec.phases) do
    if phase.opener then
      m.openers[i] = KEYS[at]
      at = at + 1
    end
  end
  return m, at
end

-- The keys of a run and of a module that a transition may write without reading them.
local function expectScope()
  expectType('hash', S.plan)
  expectType('zset', S.shard)
  expectType('zset', S.outbox)
  expectType('list', S.timeline)
  expectType('list', S.nodes)
  expectType('hash', S.reorder)
end

local function expectModule(m)
  for i, due in ipairs(m.due) do
    expectType('zset', due)
    if m.openers[i] then expectType('string', m.openers[i]) end
  end
end

-- The module of KEYS[8]; nil with a code when the call must stop: the run is unknown, or its layout is another. With `narrow`
-- the caller checks the types of the keys itself, because it knows which of them it may write.
local function openScope(narrow)
  local refused = otherLayout(S.run, ARGV[2])
  if refused then return nil, 0, refused end
  local exec = load(KEYS[8])
  if not exec then return nil, 0, reply(-2, 'UNKNOWN_RUN') end
  -- Runs of an earlier release have no task.
  S.runId, S.taskId = S.run.id, S.run.task or S.run.id
  local m, at = openModule(KEYS[8], exec, 9)
  if not narrow then
    expectScope()
    expectModule(m)
  end
  return m, at
end

local function openOf(phase)
  return phase.created - phase.done - phase.dead
end

local function isMarked(exec)
  return S.run.mark ~= '' or exec.state == 'terminated'
end

-- Makes a phase due for the sweeper now.
local function watch(m, at)
  redis.call('ZADD', S.shard, S.now, 'p:' .. m.exec.member .. ':' .. at)
end

-- The window of each kind.
local function sizesNow()
  return windowSizes(S.windows, S.run)
end

-- Writes the run and the module. Returns the phase whose ready nodes the window has room for, or -1; the sweeper looks at it, should
-- the caller die.
local function saveScope(m)
  local fill = phaseToFill(S.run, m.exec, sizesNow())
  if fill then watch(m, fill) end
  save(m.key, m.exec)
  save(KEYS[1], S.run)
  return fill or -1
end

local function setModuleState(exec, state, reason)
  if exec.state == 'open' then S.run.live = S.run.live - 1 end
  if state == 'open' then S.run.live = S.run.live + 1 end
  exec.state = state
  exec.reason = reason
end

local function wakeUp(kind, id, n)
  local withError = kind == 'error' or kind == 'error_task'
  return {
    kind, id, n.phase, n.step, n.prefix, n.epoch, n.dispatches, n.attempts, n.kind, n.limitKey, withError and n.error or '',
  }
end

local function notify(id, n)
  S.wakeUps[#S.wakeUps + 1] = wakeUp(n.kind == 'hop' and 'parser_task' or 'request', id, n)
end
