-- window_fill: lets ready nodes of a phase into the window of their module.
-- INCLUDE lib/core.lua lib/node.lua lib/live.lua lib/window.lua
-- KEYS[1] run          the run's record
-- KEYS[2] exec         the module's record
-- KEYS[3] shard_due    what the sweeper looks at
-- KEYS[4] due          the phase's due set
-- KEYS[5..] node*      nodes that stood ready when the caller read the set
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] phase        the phase
-- ARGV[3] grace_ms     dispatch grace
-- ARGV[4] windows      of hops and requests of a run
-- ARGV[5..] id*        the nodes' ids, the first created of each kind first
-- CODES LookCode 0 FOUND
-- EFFECTS the nodes are due after their dispatch grace; while there is room for more, the phase stays due

local now, at, shard, due = clock(), tonumber(ARGV[2]), KEYS[3], KEYS[4]
local run, exec = load(KEYS[1]), load(KEYS[2])
local phase = exec and exec.phases[at + 1]
if not run or not phase then return reply(0, 'FOUND', { {}, -1 }) end
expectDue(due, shard)
for i = 5, #KEYS do expectType('string', KEYS[i]) end
local sizes, taken = windowSizes(ARGV[4], run), {}

local function letIn(key, id, n)
  local graceMs = math.min(tonumber(ARGV[3]) * 2 ^ math.min(n.dispatches, 30), 3600000)
  n.token, n.owner, n.dispatches = '', '', n.dispatches + 1
  place(exec, n, now + graceMs)
  writeNode(key, n)
  setDue(due, shard, exec, at, id, now + graceMs)
  local kind = n.kind == 'hop' and 'parser_task' or 'request'
  taken[#taken + 1] = { kind, id, n.phase, n.step, n.prefix, n.epoch, n.dispatches, n.attempts, n.kind, n.limitKey, '' }
end

if phaseToFill(run, exec, sizes) == at then
  local left = { fillable(exec, phase, sizes, 1), fillable(exec, phase, sizes, 2) }
  for i = 5, #KEYS do
    local n = readNode(KEYS[i])
    local isReady = n and n.window == 2 and n.module == exec.at and n.phase == at and (phase.closed == '' or n.reopened == 1)
    local kind = isReady and (n.kind == 'hop' and 1 or 2)
    if isReady and left[kind] > 0 then
      left[kind] = left[kind] - 1
      letIn(KEYS[i], ARGV[i], n)
    end
  end
  if #taken > 0 then save(KEYS[2], exec) end
end
local fill = phaseToFill(run, exec, sizes)
if fill then redis.call('ZADD', shard, now, 'p:' .. exec.member .. ':' .. fill) end
return reply(0, 'FOUND', { taken, fill or -1 })
