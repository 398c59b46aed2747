-- Creates nodes, and revives terminal ones.

-- Records that the run has reached a cap. The sweeper ends what it leaves out.
local function reach(cap)
  local run, names = S.run, {}
  if hasReached(run, cap) then return end
  for _, each in ipairs(CAPS) do
    if each == cap or hasReached(run, each) then names[#names + 1] = each end
  end
  run.reached = table.concat(names, ',')
  if leavesOutNodes(run) then redis.call('ZADD', S.shard, scoreOfEnd(S.now), 'r:' .. run.member) end
end

-- Whether a child that does not exist is not to be created, because its run has reached a cap; it is counted then.
local function leavesOutChild(exec, seed)
  local run = S.run
  if not run.caps then return false end
  local beyond = seed.kind == 'request' and run.caps.pages >= 0 and run.used.pages >= run.caps.pages
  if not beyond and not stops(run, exec, seed.kind, seed.step) then return false end
  if beyond then reach('pages') end
  run.used.leftOut = run.used.leftOut + 1
  return true
end

-- Seven arguments per child: id kind phase step prefix limit_key body; its key is in KEYS.
local function seedAt(keyAt, argAt)
  if KEYS[keyAt] then expectType('string', KEYS[keyAt]) end
  -- A hop that is computed again is of the kind `computed` as long as it is a seed.
  local computed = ARGV[argAt + 1] == 'computed'
  return {
    key = KEYS[keyAt], id = ARGV[argAt], kind = computed and 'hop' or ARGV[argAt + 1], computed = computed, phase = tonumber(ARGV[argAt + 2]),
    step = tonumber(ARGV[argAt + 3]), prefix = ARGV[argAt + 4], limitKey = ARGV[argAt + 5], body = ARGV[argAt + 6],
  }
end

-- The steps of the module that have had a hop, as `;0;2;`. Records of older releases have none.
local function producedSteps(exec)
  return exec.produced or ';'
end

-- Whether the seed would be the first hop of its step. A module's own hops, such as its start, belong to no step.
local function opensStep(exec, seed)
  return seed.kind == 'hop' and seed.step >= 0 and not string.find(producedSteps(exec), ';' .. seed.step .. ';', 1, true)
end

local function recordStepProduced(exec, step)
  exec.produced = producedSteps(exec) .. step .. ';'
  emitOfStep(S, 'ParserTaskProduced', exec, step)
end

-- Without `due` the node stands ready.
local function insertNode(m, seed, due, reopened, claim)
  local n = {
    kind = seed.kind, state = claim and 'processing' or 'pending', module = m.exec.at, phase = seed.phase, step = seed.step,
    no = redis.call('RPUSH', S.nodes, seed.id) - 1, epoch = 0, attempts = claim and 1 or 0, crashes = 0, dispatches = 0,
    reopened = reopened and 1 or 0, errorEpoch = -1, owner = claim and claim.owner or '', token = claim and claim.token or '',
    committed = '', reason = '', decisions = '', error = '', limitKey = seed.limitKey, prefix = seed.prefix, stagers = false,
    body = seed.body, revision = 0, early = 0, window = 0, items = 0,
  }
  due = due or readyAt(n)
  if claim then noteOpening(m.exec, n) end
  local phase = m.exec.phases[seed.phase + 1]
  phase.created = phase.created + 1
  if reopened then phase.reopened = phase.reopened + 1 end
  S.run.open = S.run.open + 1
  if S.run.caps and n.kind == 'request' then S.run.used.pages = S.run.used.pages + 1 end
  place(m.exec, n, due)
  writeNode(seed.key, n)
  setDue(m.due[seed.phase + 1], S.shard, m.exec, seed.phase, seed.id, due)
  -- The sweeper sees a closed phase only while it has open nodes; this may be the first.
  if phase.closed ~= '' then watch(m, seed.phase) end
  if opensStep(m.exec, seed) then recordStepProduced(m.exec, seed.step) end
  return n
end

-- A node begins its next epoch, with fresh budgets; whoever executes it now is fenced off. Without `due` it stands ready.
local function begin(m, key, id, n, due)
  n.state, n.epoch, n.attempts, n.crashes, n.dispatches = 'pending', n.epoch + 1, 0, 0, 0
  n.owner, n.token, n.reason = '', '', ''
  due = due or readyAt(n)
  place(m.exec, n, due)
  writeNode(key, n)
  setDue(m.due[n.phase + 1], S.shard, m.exec, n.phase, id, due)
end

-- Revives a terminal node, with the next epoch and fresh budgets.
local function reopen(m, key, id, n, due)
  local phase = m.exec.phases[n.phase + 1]
  local ended = n.state == 'done' and 'done' or 'dead'
  phase[ended] = phase[ended] - 1
  if n.reason == 'left_out' then phase.leftOut = phase.leftOut - 1 end
  phase.reopened = phase.reopened + n.reopened
  S.run.open = S.run.open + 1
  begin(m, key, id, n, due)
  if phase.closed ~= '' then watch(m, n.phase) end
end

-- Executes an existing node again.
local function executeAgain(m, seed, n, due)
  n.body, n.limitKey = seed.body, seed.limitKey
  if n.state == 'done' or n.state == 'dead' then
    reopen(m, seed.key, seed.id, n, due)
  else
    begin(m, seed.key, seed.id, n, due)
  end
end

-- Whether an existing hop was executed in an earlier opening of the later phases than the hop that yields it again.
local function isOfEarlierOpening(m, n, parent)
  if not parent or parent.kind ~= 'hop' or n.revision >= parent.revision then return false end
  return n.module == m.exec.at and n.state ~= 'pending' and n.reason ~= 'superseded'
end

-- A superseded hop gets its new body and is revived; a compute hop of an earlier opening than its parent's is executed again; any
-- other existing node is not changed.
local function revive(m, seed, n, due, parent)
  if seed.computed and n.phase == seed.phase and isOfEarlierOpening(m, n, parent) then
    executeAgain(m, seed, n, due)
    return n
  end
  if n.state ~= 'dead' or n.reason ~= 'superseded' or n.module ~= m.exec.at or n.phase ~= seed.phase then return nil end
  local phase = m.exec.phases[n.phase + 1]
  phase.superseded = phase.superseded - 1
  n.body, n.prefix = seed.body, seed.prefix
  reopen(m, seed.key, seed.id, n, due)
  return n
end

local function releaseResponse(seed)
  local response = redis.call('HGET', S.reorder, seed.id)
  if not response then return end
  redis.call('HDEL', S.reorder, seed.id)
  S.released[#S.released + 1] = { seed.id, seed.phase, response }
end

-- Whether a hop waits for the last opening of its phase. A compute hop must see whole phases, unless the hop that yields it is
-- computed again itself. What an open phase yields into a phase that is open early would keep that from ending.
local function waitsForLastOpening(exec, seed, parent)
  if not parent or seed.phase <= exec.current then return false end
  local isOfOpenPhase = parent.phase <= exec.current
  if seed.computed then return isOfOpenPhase or parent.kind == 'request' end
  return isOfOpenPhase and exec.front > exec.current
end

-- The child's own key is the advance gate. The caller notifies the first `wakeUps` runnable children, as far as the window has room;
-- the others stand ready. `parent` is the node that yields them; nil when a phase or a run opens. `claim` leases an only child to an owner at its creation.
local function createChildren(m, seeds, parent, wakeUps, claim)
  local made = { created = 0, lost = 0, leftOut = 0 }
  local keepsResponses = #seeds > 0 and redis.call('HLEN', S.reorder) > 0
  local notified, sizes = 0, sizesNow()
  for _, seed in ipairs(seeds) do
    local phase = m.exec.phases[seed.phase + 1]
    local waits = waitsForLastOpening(m.exec, seed, parent)
    local held = waits or seed.phase > m.exec.front
    local kind = seed.kind == 'hop' and 1 or 2
    local isNotified = not held and notified < wakeUps and windowRoom(m.exec, sizes, kind) > 0
    local due = waits and LAST_OPENING or (isNotified and S.now + graceMs(0)) or nil
    local existing = readNode(seed.key)
    local claimed = not existing and not held and claim
    local reopened = parent and parent.reopened == 1 and phase.closed ~= ''
    local leftOut = not existing and not reopened and leavesOutChild(m.exec, seed)
    local n
    if existing then
      n = revive(m, seed, existing, due, parent)
    elseif not leftOut then
      n = insertNode(m, seed, claimed and S.now + claim.leaseMs or due, reopened, claimed)
    end
    if n then
      made.created = made.created + 1
      if claimed then
        made.next = n
      elseif isNotified then
        notify(seed.id, n)
        notified = notified + 1
      end
      if keepsResponses then releaseResponse(seed) end
    elseif leftOut then
      made.leftOut = made.leftOut + 1
    else
      made.lost = made.lost + 1
    end
  end
  return made
end
