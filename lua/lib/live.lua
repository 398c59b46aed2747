-- Whether a node is live. A node that is not of the module and phase that the caller named counts as unknown.

local function findNode(key, exec, phase)
  local node = exec and readNode(key)
  if node and node.module == exec.at and node.phase == phase then return node end
  return nil
end

-- A re-opened node stays open in its closed phase.
local function isLive(run, exec, closed, node)
  if not run or run.state ~= 'open' or run.mark ~= '' or exec.state ~= 'open' then return false end
  return closed == '' or node.reopened == 1
end

-- Notes in which opening of the later phases the node is claimed.
local function noteOpening(exec, n)
  n.revision, n.early = exec.revision, n.phase > exec.current and 1 or 0
end

-- Call this before the node is written.
local function expectDue(dueKey, shardKey)
  expectType('zset', dueKey)
  expectType('zset', shardKey)
end

-- Sets the due time of the node. The phase in the shard's set is never due later than that. A paused or unopened phase is not
-- in the set; it is added again with the due time of its first node.
local function setDue(dueKey, shardKey, exec, phase, id, at)
  -- As text: Redis formats a number as a fraction first, which takes longer than all the rest.
  local score = string.format('%d', at)
  redis.call('ZADD', dueKey, score, id)
  redis.call('ZADD', shardKey, 'XX', 'LT', score, 'p:' .. exec.member .. ':' .. phase)
end
