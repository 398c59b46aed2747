-- Whether a node may go on. A node belongs to the module and phase that its caller named, or it is unknown to the call.

local function findNode(key, exec, phase)
  local node = exec and readNode(key)
  if node and node.module == exec.at and node.phase == phase then return node end
  return nil
end

-- A re-opened node lives on in its closed phase.
local function isLive(run, exec, closed, node)
  if not run or run.state ~= 'open' or run.mark ~= '' or exec.state ~= 'open' then return false end
  return closed == '' or node.reopened == 1
end

-- To be called before the node is written.
local function expectDue(dueKey, shardKey)
  expectType('zset', dueKey)
  expectType('zset', shardKey)
end

-- Sets when somebody must look at the node. Its phase's next look never comes later than that: a phase that is paused or
-- held is not in the shard's set, and is put there again with its first look.
local function setDue(dueKey, shardKey, exec, phase, id, at)
  -- As text: Redis would write a number as a fraction first, which takes longer than all the rest.
  local score = string.format('%d', at)
  redis.call('ZADD', dueKey, score, id)
  redis.call('ZADD', shardKey, 'XX', 'LT', score, 'p:' .. exec.member .. ':' .. phase)
end
