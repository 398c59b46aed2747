-- The gates of a run and a module: the fields that a call needs that changes one node alone.

local function gateOf(key)
  local packed = redis.call('GET', key)
  if not packed then return nil end
  local _, gate = cmsgpack.unpack_one(packed, 0)
  return gate
end

local function runGate(key)
  local g = gateOf(key)
  -- Runs of older releases have no task.
  local task = g and g[6] ~= '' and g[6] or nil
  return g and { id = g[1], state = g[2], mark = g[3], paused = g[4], layout = g[5], task = task, reached = g[7] }
end

local function execGate(key)
  local g = gateOf(key)
  if not g then return nil end
  local front, revision = g[5], 1
  if type(g[#g]) == 'number' then front, revision = g[#g - 1], g[#g] end
  return {
    at = g[1], id = g[2], member = g[3], state = g[4], current = g[5], cooldown = g[6], front = front, revision = revision,
    gate = g,
  }
end

-- Whether and how the phase was closed; nil when the module has no such phase.
local function closedOf(exec, phase)
  local closed = exec.gate[7 + phase]
  return type(closed) == 'string' and closed or nil
end
