-- Schedules the node's retry in its next epoch.
local function scheduleRetry(key, dueKey, shardKey, exec, id, n, due)
  n.state, n.epoch, n.dispatches = 'retry', n.epoch + 1, 0
  place(exec, n, due)
  writeNode(key, n)
  setDue(dueKey, shardKey, exec, n.phase, id, due)
end
