-- run_open: opens a run with its modules and first hops, once per run id.
-- INCLUDE lib/core.lua lib/node.lua lib/caps.lua lib/live.lua lib/window.lua lib/events.lua lib/scope.lua lib/children.lua lib/phases.lua
-- KEYS[1] run          the run's record
-- KEYS[2] plan         the layout, and the seeds of the openers
-- KEYS[3] shard_due    what the sweeper looks at
-- KEYS[4] outbox       events to publish
-- KEYS[5] timeline     events of the run
-- KEYS[6] nodes        ids of the run's nodes
-- KEYS[7] reorder      responses before their node
-- KEYS[8..] module*    per module: exec, a due set per phase, a node per opener, a node per first hop
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] policy       dispatch grace in ms, windows of hops and requests
-- ARGV[4] run_id       the run's id
-- ARGV[5] member       the run's part of members of the shard's due set
-- ARGV[6] layout_json  the layout as the bindings read it
-- ARGV[7] task_id      the name of its task; its own id if it is a task of its own
-- ARGV[8] modules      how many modules
-- ARGV[9] caps         pages items bytes depth, by commas, each -1 for none; empty without caps
-- ARGV[10..] module*   id member phases firsts early_at fetches; per phase: deadline join max_dead max_dead_rate opener(0|1) + seed; firsts
-- CODES RunOpenCode 0 OPENED, 1 ALREADY_OPEN, 2 RUN_CLOSED
-- EFFECTS stores the run, its modules, its first hops and TaskAccepted; opens the first phases

if S.run then
  if S.run.state == 'open' then return reply(1, 'ALREADY_OPEN') end
  return reply(2, 'RUN_CLOSED')
end

local count = tonumber(ARGV[8])
S.runId, S.taskId = ARGV[4], ARGV[7]
S.run = {
  id = ARGV[4], task = ARGV[7], member = ARGV[5], layout = ARGV[2], state = 'open', mark = '', reason = '',
  paused = false, openings = 1,
  executions = 0, errors = 0, open = 0, live = count, modules = count, tripped = 0,
}
if ARGV[9] ~= '' then
  local pages, items, bytes, depth = string.match(ARGV[9], '^(-?%d+),(-?%d+),(-?%d+),(-?%d+)$')
  S.run.caps = { pages = tonumber(pages), items = tonumber(items), bytes = tonumber(bytes), depth = tonumber(depth) }
  S.run.used, S.run.reached = { pages = 0, items = 0, bytes = 0, leftOut = 0 }, ''
end
expectScope()
local plan = { 'layout', ARGV[6] }

-- The argument and the key that come next.
local argAt, keyAt = 10, 8

local function nextSeed(key)
  local seed = seedAt(0, argAt)
  seed.key = key
  argAt = argAt + 7
  return seed
end

local function readPhase(exec, at)
  local phase = {
    created = 0, done = 0, dead = 0, superseded = 0, leftOut = 0, reopened = 0, closed = '', closings = 0,
    inside = { 0, 0 }, ready = { 0, 0 }, deadline = tonumber(ARGV[argAt]), join = ARGV[argAt + 1], maxDead = tonumber(ARGV[argAt + 2]),
    maxDeadRate = tonumber(ARGV[argAt + 3]), opener = ARGV[argAt + 4] == '1',
  }
  argAt = argAt + 5
  if phase.opener then
    plan[#plan + 1] = exec.at .. '.' .. at
    plan[#plan + 1] = cmsgpack.pack(nextSeed(nil))
  end
  return phase
end

local opened, names = {}, {}
for at = 1, count do
  local exec = {
    id = ARGV[argAt], member = ARGV[argAt + 1], at = at - 1, state = 'open', reason = '', current = 0, step = -1,
    executions = 0, errors = 0, streak = 0, cooldown = 0, completed = 0, tripped = 0, produced = ';', phases = {},
    front = 0, revision = 1, earlyAt = tonumber(ARGV[argAt + 4]),
    fetches = ARGV[argAt + 5] ~= '' and ARGV[argAt + 5] or nil,
  }
  local phases, firsts = tonumber(ARGV[argAt + 2]), tonumber(ARGV[argAt + 3])
  argAt = argAt + 6
  for i = 1, phases do exec.phases[i] = readPhase(exec, i - 1) end
  local m, behind = openModule(KEYS[keyAt], exec, keyAt + 1)
  expectModule(m)
  m.firsts = {}
  for i = 1, firsts do
    m.firsts[i] = nextSeed(KEYS[behind + i - 1])
    expectType('string', m.firsts[i].key)
  end
  keyAt = behind + firsts
  opened[at], names[at] = m, exec.id
end

redis.call('HSET', S.plan, unpack(plan))
emit(S, 'TaskAccepted', S.runId, 1, {}, { modules = names })
for _, m in ipairs(opened) do
  local phase = m.exec.phases[1]
  watch(m, 0)
  if phase.deadline > 0 then redis.call('ZADD', S.shard, scoreOfTime(phase.deadline), 'd:' .. m.exec.member .. ':0') end
  if m.exec.earlyAt > 0 then redis.call('ZADD', S.shard, scoreOfTime(m.exec.earlyAt), 'e:' .. m.exec.member) end
  createChildren(m, m.firsts, nil, #m.firsts)
  advance(m)
end
for _, m in ipairs(opened) do
  local fill = phaseToFill(S.run, m.exec, sizesNow())
  if fill then watch(m, fill) end
  save(m.key, m.exec)
end
save(KEYS[1], S.run)
return reply(0, 'OPENED', S.wakeUps)
