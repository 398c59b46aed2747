-- A node is one packed list. Everything of a node but its due time stands in it; that is its score in its phase's set.

local function readNode(key)
  local packed = redis.call('GET', key)
  if not packed then return nil end
  local f = cmsgpack.unpack(packed)
  return {
    kind = f[1], state = f[2], module = f[3], phase = f[4], step = f[5], no = f[6], epoch = f[7], attempts = f[8],
    crashes = f[9], dispatches = f[10], reopened = f[11], errorEpoch = f[12], owner = f[13], token = f[14],
    -- Nearly always the same text: kept once.
    committed = f[15] == true and f[14] or f[15],
    reason = f[16], decisions = f[17], error = f[18], limitKey = f[19], prefix = f[20], stagers = f[21], body = f[22],
  }
end

local function writeNode(key, n)
  local committed = n.committed
  if committed ~= '' and committed == n.token then committed = true end
  redis.call('SET', key, cmsgpack.pack({
    n.kind, n.state, n.module, n.phase, n.step, n.no, n.epoch, n.attempts, n.crashes, n.dispatches, n.reopened,
    n.errorEpoch, n.owner, n.token, committed, n.reason, n.decisions, n.error, n.limitKey, n.prefix, n.stagers, n.body,
  }))
end

-- The node as the bindings read it: its numbers, then its texts.
local function show(id, n, due)
  local numbers = string.format('[%d,%d,%d,%d,%d,%d,%d,%d]', n.module, n.phase, n.step, n.epoch, n.attempts, n.crashes,
    n.dispatches, due)
  return numbers, id, n.kind, n.state, n.owner, n.token, n.committed, n.reason, n.limitKey, n.prefix, n.error, n.body
end
