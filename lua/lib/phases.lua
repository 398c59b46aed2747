-- How phases follow each other and runs end. A phase is over when none of its nodes is open, or when its deadline has closed
-- it; the next one opens in the same script. After the last phase the module is over, then the run.

local SHORT_BODY_BYTES = 64

-- Trims a done node to its location, its epoch, and what a repeated call is answered with. A request whose parse yielded hops
-- keeps its body for a fallback; a short body is kept because it helps a reader and costs little.
local function endDone(m, key, id, n, keepsBody)
  local phase = m.exec.phases[n.phase + 1]
  phase.done = phase.done + 1
  phase.reopened = phase.reopened - n.reopened
  S.run.open = S.run.open - 1
  n.state, n.owner, n.error = 'done', '', ''
  place(m.exec, n)
  if not keepsBody and #n.body > SHORT_BODY_BYTES then n.body = '' end
  writeNode(key, n)
  redis.call('ZREM', m.due[n.phase + 1], id)
end

local function endDead(m, key, id, n, reason)
  local phase = m.exec.phases[n.phase + 1]
  phase.dead = phase.dead + 1
  phase.reopened = phase.reopened - n.reopened
  if reason == 'superseded' then phase.superseded = phase.superseded + 1 end
  if reason == 'left_out' then phase.leftOut = phase.leftOut + 1 end
  S.run.open = S.run.open - 1
  n.state, n.reason = 'dead', reason
  place(m.exec, n)
  writeNode(key, n)
  redis.call('ZREM', m.due[n.phase + 1], id)
  if reason == 'failed' or reason == 'crashed' then
    local data = failureData(S.taskId, n, reason)
    data.reason = reason
    emit(S, 'DeadLettered', id, n.epoch, { moduleId = m.exec.id, nodeId = id }, data)
  end
end

-- Makes the open nodes of a marked module due to be drained at once.
local function watchLeftBehind(m)
  for i, phase in ipairs(m.exec.phases) do
    if openOf(phase) > 0 then watch(m, i - 1) end
  end
end

local function joinHolds(phase)
  local dead = phase.dead - phase.superseded - phase.leftOut
  if phase.join == 'settle' then return true end
  if phase.join == 'failFast' then return dead == 0 end
  if phase.maxDead >= 0 and dead > phase.maxDead then return false end
  return phase.maxDeadRate < 0 or dead <= phase.maxDeadRate * phase.created
end

-- A run is closing when all its modules have ended; a marked run when its last node has ended.
local function closeRunIfOver()
  local run = S.run
  if run.state ~= 'open' or run.open > 0 or (run.mark == '' and run.live > 0) then return end
  run.state = 'closing'
  redis.call('ZADD', S.shard, scoreOfEnd(S.now), 'r:' .. run.member)
  emit(S, 'RunCompleted', run.id, run.openings, {}, { mark = run.mark })
end

local function closePhase(m, phase)
  local exec, at = m.exec, m.exec.current
  if phase.closed == '' then phase.closed = 'settled' end
  phase.closings = phase.closings + 1
  exec.current = at + 1
  emit(S, 'PhaseClosed', S.runId .. ':' .. exec.id .. ':' .. at, phase.closings, { moduleId = exec.id }, {
    moduleId = exec.id, phase = at, closed = phase.closed, created = phase.created, done = phase.done, dead = phase.dead - phase.leftOut,
  })
end

-- Makes the sweeper see a phase, and the deadline of the current one, and notifies the hop that opens it, if any.
local function openPhase(m, at)
  local exec = m.exec
  local phase = exec.phases[at + 1]
  watch(m, at)
  if phase.deadline > 0 and at == exec.current then
    redis.call('ZADD', S.shard, scoreOfTime(phase.deadline), 'd:' .. exec.member .. ':' .. at)
  end
  if not phase.opener then return end
  local seed = cmsgpack.unpack(redis.call('HGET', S.plan, exec.at .. '.' .. at))
  seed.key = m.openers[at + 1]
  local n = readNode(seed.key)
  -- A phase that opens again, after an early opening or by a replay with rejoin, runs its opener again.
  if n and n.state ~= 'pending' and n.reason ~= 'superseded' then
    executeAgain(m, seed, n, S.now + S.grace)
    notify(seed.id, n)
  else
    createChildren(m, { seed }, nil, 1)
  end
end

local function completeModule(m)
  local exec = m.exec
  setModuleState(exec, 'done', exec.reason)
  local closings = exec.phases[#exec.phases].closings
  -- A replay without rejoin completes the module again, without a new event.
  if exec.completed == closings then return end
  exec.completed = closings
  emit(S, 'ModuleCompleted', S.runId .. ':' .. exec.id, closings, { moduleId = exec.id }, { moduleId = exec.id })
end

-- Whether the end of one node may close a scope: not while the current phase has more than that open.
local function mayAdvance(m)
  if m.exec.front > m.exec.current then return true end
  local phase = m.exec.phases[m.exec.current + 1]
  return not phase or phase.closed ~= '' or openOf(phase) <= 1
end

-- Call this before an open node is ended and before any write: its phase must count it, and if it is the last one it must be
-- alone in the due set. Otherwise a join would fire early. Nearly always more are open, so the check reads one number.
local function isMiscounted(m, n)
  local open = openOf(m.exec.phases[n.phase + 1])
  return open < 1 or (open == 1 and redis.call('ZCARD', m.due[n.phase + 1]) ~= 1)
end

local function miscounted(m, n)
  local open = openOf(m.exec.phases[n.phase + 1])
  return reply(-3, 'INVARIANT_BROKEN', { open, redis.call('ZCARD', m.due[n.phase + 1]) })
end

-- Whether the next phase may open early: nothing is open in this one but what waits for its last opening.
local function isOverEarly(m, at)
  local phase = m.exec.phases[at + 1]
  if not joinHolds(phase) then return false end
  return openOf(phase) == 0 or redis.call('ZCOUNT', m.due[at + 1], '-inf', string.format('(%d', LAST_OPENING)) == 0
end

-- The early opening goes on to the next phase, and further as long as these are empty.
local function openNextEarly(m)
  local exec = m.exec
  repeat
    exec.front = exec.front + 1
    if exec.front >= #exec.phases then return end
    openPhase(m, exec.front)
  until not isOverEarly(m, exec.front)
end

-- Closes scopes that are over and opens the next phase.
local function advance(m)
  local exec = m.exec
  while exec.state == 'open' and S.run.mark == '' do
    local phase = exec.phases[exec.current + 1]
    if not phase or (openOf(phase) > 0 and phase.closed == '') then break end
    if phase.closed == '' and not joinHolds(phase) then
      setModuleState(exec, 'terminated', 'join_failed')
      watchLeftBehind(m)
      break
    end
    closePhase(m, phase)
    -- Whatever an early opening has begun, the later phases open again.
    if exec.front >= exec.current then exec.revision = exec.revision + 1 end
    exec.front = exec.current
    if exec.current < #exec.phases then openPhase(m, exec.current) end
  end
  if exec.state == 'open' and S.run.mark == '' and exec.front > exec.current and exec.front < #exec.phases then
    if isOverEarly(m, exec.front) then openNextEarly(m) end
  end
  if exec.state == 'open' and S.run.mark == '' and exec.current >= #exec.phases then
    local open = 0
    for _, phase in ipairs(exec.phases) do open = open + openOf(phase) end
    if open == 0 then completeModule(m) end
  end
  closeRunIfOver()
end
