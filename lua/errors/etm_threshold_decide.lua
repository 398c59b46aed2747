-- etm_threshold_decide: decides about a failure once per node and epoch, and acts on it.
-- INCLUDE lib/core.lua lib/node.lua lib/caps.lua lib/live.lua lib/window.lua lib/events.lua lib/scope.lua lib/children.lua lib/phases.lua lib/retry.lua
-- KEYS[1] run          the run's record
-- KEYS[2] plan         the seeds of the openers
-- KEYS[3] shard_due    what the sweeper looks at
-- KEYS[4] outbox       events to publish
-- KEYS[5] timeline     events of the run
-- KEYS[6] nodes        ids of the run's nodes
-- KEYS[7] reorder      responses before their node
-- KEYS[8] exec         the module's record
-- KEYS[9..] due*       the due set of each phase
-- KEYS[..] opener*     the node of each opener
-- KEYS[..] node        the node
-- KEYS[..] gates       fallbacks that the module has used
-- KEYS[..] request*    the request to fall back to, if one is tried
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] policy       dispatch grace in ms, windows of hops and requests
-- ARGV[4] id           the node's id
-- ARGV[5] epoch        the epoch that failed
-- ARGV[6] fatal        1: no further attempt
-- ARGV[7] max_attempts executions of a node
-- ARGV[8] delay_ms     how long a retry waits
-- ARGV[9] module_rate  ends the module from this share of errors on; empty: by number
-- ARGV[10] module_bound minimum of executions, or number of errors
-- ARGV[11] task_rate   as module_rate, for the task
-- ARGV[12] task_bound  as module_bound, for the task
-- ARGV[13] burst       errors in a row that cool the module down; 0 is never
-- ARGV[14] cooldown_ms for so long
-- ARGV[15] request_id  the request to fall back to, or empty
-- ARGV[16] beside_executions what the task has counted beside this run
-- ARGV[17] beside_errors the errors among them
-- CODES DecideCode 0 CONTINUE, 1 RETRY_AFTER, 2 TERMINATE_MODULE, 3 TERMINATE_TASK
-- EFFECTS failed to retry or dead; counts the error; may mark module or task; a fallback supersedes the hop and re-opens its request

local m, at, refused = openScope()
if not m then return refused end
local exec, run, key, id, epoch = m.exec, S.run, KEYS[at], ARGV[4], tonumber(ARGV[5])
local n = readNode(key)
if not n or n.module ~= exec.at then return reply(0, 'CONTINUE', { 'none', false, {} }) end
for decided, code, action in string.gmatch(n.decisions, '(%d+):(%d):(%a+);') do
  if tonumber(decided) == epoch then return reply(tonumber(code), 'REPEATED', { action, true, {} }) end
end
if n.epoch ~= epoch or n.state ~= 'failed' or not isLive(run, exec, exec.phases[n.phase + 1].closed, n) then
  return reply(0, 'CONTINUE', { 'none', false, {} })
end
if isMiscounted(m, n) then return miscounted(m, n) end

local function decide(code, action)
  n.decisions = n.decisions .. epoch .. ':' .. code .. ':' .. action .. ';'
end

local gateTaken = false

local function answer(code, msg, action)
  saveScope(m)
  return reply(code, msg, { action, false, S.wakeUps, gateTaken })
end

-- The request, if it can be parsed again. A releasing one has been parsed; only its staged children will be created.
local function fallbackRequest()
  if ARGV[15] == '' or n.kind ~= 'hop' or n.prefix == '' then return nil end
  local request = readNode(KEYS[at + 2])
  if not request or request.kind ~= 'request' or request.module ~= n.module or request.phase ~= n.phase then return nil end
  if request.state == 'dead' or request.state == 'releasing' or exec.phases[n.phase + 1].closed ~= '' then return nil end
  return request
end

local request = fallbackRequest()
if request and redis.call('SADD', KEYS[at + 1], n.step .. ':' .. n.prefix) == 1 then
  decide(0, 'fallback')
  endDead(m, key, id, n, 'superseded')
  emit(S, 'ModuleStepFallback', id, epoch, { moduleId = exec.id, nodeId = id }, { request = ARGV[15] })
  if request.state == 'done' then
    reopen(m, KEYS[at + 2], ARGV[15], request, S.now + graceMs(0))
    notify(ARGV[15], request)
  end
  return answer(0, 'CONTINUE', 'fallback')
end
gateTaken = request ~= nil

local burst = tonumber(ARGV[13])
exec.errors, exec.streak, exec.executions = exec.errors + 1, exec.streak + 1, exec.executions + 1
run.errors, run.executions = run.errors + 1, run.executions + 1
if burst > 0 and exec.streak >= burst then exec.streak, exec.cooldown = 0, S.now + ARGV[14] end

local function trips(rate, bound, counts)
  if rate == '' then return counts.errors >= tonumber(bound) end
  return counts.executions >= tonumber(bound) and counts.errors >= tonumber(rate) * counts.executions
end

local ofTask = { executions = run.executions + ARGV[16], errors = run.errors + ARGV[17] }

-- The event of a threshold occurs once per opening of the run, also when a replay lifted the mark in between.
local function terminate(scope, counts, subject, code, name)
  local reason = string.format('threshold: %d errors in %d executions', counts.errors, counts.executions)
  if counts == ofTask and tonumber(ARGV[16]) > 0 then reason = reason .. ' of its task' end
  decide(code, 'terminated')
  endDead(m, key, id, n, 'terminated')
  if scope == exec then
    setModuleState(exec, 'terminated', reason)
    watchLeftBehind(m)
  else
    run.mark, run.reason = 'terminated', reason
    redis.call('ZADD', S.shard, scoreOfEnd(S.now), 'r:' .. run.member)
  end
  closeRunIfOver()
  if scope.tripped == run.openings then return end
  scope.tripped = run.openings
  local about = scope == exec and { moduleId = exec.id } or {}
  emit(S, 'TaskTerminatedByThreshold', subject, run.openings, about, { scope = name, reason = reason })
end

if trips(ARGV[9], ARGV[10], exec) then
  terminate(exec, exec, S.runId .. ':' .. exec.id, 2, exec.id)
  return answer(2, 'TERMINATE_MODULE', 'terminated')
end
if trips(ARGV[11], ARGV[12], ofTask) then
  terminate(run, ofTask, S.runId, 3, 'task')
  return answer(3, 'TERMINATE_TASK', 'terminated')
end
if ARGV[6] ~= '1' and n.attempts < tonumber(ARGV[7]) then
  decide(1, 'retry')
  scheduleRetry(key, m.due[n.phase + 1], S.shard, exec, id, n, S.now + ARGV[8])
  return answer(1, 'RETRY_AFTER', 'retry')
end
decide(0, 'dead')
endDead(m, key, id, n, 'failed')
advance(m)
return answer(0, 'CONTINUE', 'dead')
