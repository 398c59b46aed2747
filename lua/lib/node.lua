-- A node is a row of packed values. It holds all of a node but its due time, which is its score in its phase's set.

local function readNode(key)
  local packed = redis.call('GET', key)
  if not packed then return nil end
  -- One value after the other: a list would have to be built first, in both directions.
  local kind, state, module, phase, step, no, epoch, attempts, crashes, dispatches, reopened, errorEpoch, owner, token,
    committed, reason, decisions, error, limitKey, prefix, stagers, body, revision, early, window, items = cmsgpack.unpack(packed)
  return {
    kind = kind, state = state, module = module, phase = phase, step = step, no = no, epoch = epoch, attempts = attempts,
    crashes = crashes, dispatches = dispatches, reopened = reopened, errorEpoch = errorEpoch, owner = owner, token = token,
    -- Nearly always the same text, so it is cached.
    committed = committed == true and token or committed,
    reason = reason, decisions = decisions, error = error, limitKey = limitKey, prefix = prefix, stagers = stagers,
    body = body, revision = revision or 0, early = early or 0, window = window or 0, items = items or 0,
  }
end

local function writeNode(key, n)
  local committed = n.committed
  if committed ~= '' and committed == n.token then committed = true end
  redis.call('SET', key, cmsgpack.pack(
    n.kind, n.state, n.module, n.phase, n.step, n.no, n.epoch, n.attempts, n.crashes, n.dispatches, n.reopened,
    n.errorEpoch, n.owner, n.token, committed, n.reason, n.decisions, n.error, n.limitKey, n.prefix, n.stagers, n.body,
    n.revision, n.early, n.window, n.items
  ))
end

-- The node as the bindings read it: numbers, then texts.
local function show(id, n, due)
  local numbers = string.format('[%d,%d,%d,%d,%d,%d,%d,%d,%d,%d]', n.module, n.phase, n.step, n.epoch, n.attempts, n.crashes,
    n.dispatches, due, n.revision, n.early)
  return numbers, id, n.kind, n.state, n.owner, n.token, n.committed, n.reason, n.limitKey, n.prefix, n.error, n.body
end
