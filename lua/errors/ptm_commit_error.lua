-- ptm_commit_error: records the error of an execution once per epoch, and ends its lease.
-- INCLUDE lib/core.lua lib/node.lua lib/gate.lua lib/live.lua lib/events.lua
-- KEYS[1] run          the run's record
-- KEYS[2] exec         the module's record
-- KEYS[3] node         the node
-- KEYS[4] due          its phase's due set
-- KEYS[5] shard_due    what the sweeper looks at
-- KEYS[6] outbox       events to publish
-- KEYS[7] timeline     events of the run
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] phase        the node's phase
-- ARGV[3] id           the node's id
-- ARGV[4] token        the lease's fencing value
-- ARGV[5] grace_ms     how long the decision may take
-- ARGV[6] error        the failure as JSON; opaque
-- CODES CommitErrorCode 0 ERROR_EMIT_OK, 1 ERROR_ALREADY_EMITTED, 2 FENCING_REJECT
-- EFFECTS processing to failed, the error stored; ErrorTaskProduced

local now, at, id = clock(), tonumber(ARGV[2]), ARGV[3]
local exec = execGate(KEYS[2])
local n = findNode(KEYS[3], exec, at)
if not n or n.token ~= ARGV[4] then return reply(2, 'FENCING_REJECT') end
if n.state == 'failed' then return reply(1, 'ERROR_ALREADY_EMITTED') end
local run = runGate(KEYS[1])
if n.state ~= 'processing' or not isLive(run, exec, closedOf(exec, at), n) then return reply(2, 'FENCING_REJECT') end
expectDue(KEYS[4], KEYS[5])
expectType('zset', KEYS[6])
expectType('list', KEYS[7])
local repeated = n.errorEpoch == n.epoch
n.state, n.error, n.errorEpoch = 'failed', ARGV[6], n.epoch
writeNode(KEYS[3], n)
setDue(KEYS[4], KEYS[5], exec, at, id, now + ARGV[5])
if repeated then return reply(1, 'ERROR_ALREADY_EMITTED') end
local to = { now = now, outbox = KEYS[6], timeline = KEYS[7], runId = run.id, taskId = run.task or run.id }
emit(to, 'ErrorTaskProduced', id, n.epoch, { moduleId = exec.id, nodeId = id }, failureData(to.taskId, n, 'failed'))
return reply(0, 'ERROR_EMIT_OK')
