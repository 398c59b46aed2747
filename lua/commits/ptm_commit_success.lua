-- ptm_commit_success: commits an execution; the node is done and its children exist.
-- INCLUDE lib/core.lua lib/node.lua lib/caps.lua lib/live.lua lib/window.lua lib/events.lua lib/scope.lua lib/children.lua lib/phases.lua
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
-- KEYS[..] staged      what its token has staged
-- KEYS[..] child*      the node of each child
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] policy       dispatch grace in ms, windows of hops and requests
-- ARGV[4] id           the node's id
-- ARGV[5] token        the lease's fencing value
-- ARGV[6] wake_ups        how many children the committer notifies
-- ARGV[7] staged       how many children were staged under the token
-- ARGV[8] owner        of the only child, or empty
-- ARGV[9] lease_ms     of the only child
-- ARGV[10] child_token of the only child
-- ARGV[11] usage       items, bytes and hops that are too deep, by commas
-- ARGV[12..] child*    id kind phase step prefix limit_key body
-- CODES CommitCode 0 COMMIT_OK, 1 FENCING_REJECT, 2 CAS_CONFLICT, 3 ALREADY_COMMITTED
-- EFFECTS processing to done or releasing, or dead when caps leave all of it out; children created or revived; usage counted; phases, module and run closed when empty

-- Counts what the execution has used of the run's caps; returns its items, 0 without caps.
local function countUsage(n, text)
  local run = S.run
  if not run.caps then return 0 end
  local items, bytes, tooDeep = string.match(text, '^(%d+),(%d+),(%d+)$')
  items, bytes, tooDeep = tonumber(items), tonumber(bytes), tonumber(tooDeep)
  local caps, used = run.caps, run.used
  -- The rows of an earlier commit of the node give way to those of this one.
  used.items, used.bytes, used.leftOut = used.items - n.items + items, used.bytes + bytes, used.leftOut + tooDeep
  n.items = items
  if caps.items >= 0 and used.items >= caps.items then reach('items') end
  if caps.bytes >= 0 and used.bytes >= caps.bytes then reach('bytes') end
  if tooDeep > 0 then reach('depth') end
  return items
end

local m, at, refused = openScope(true)
if not m then return refused end
local exec, key, id = m.exec, KEYS[at], ARGV[4]
local n = readNode(key)
if not n or n.module ~= exec.at or n.token ~= ARGV[5] then return reply(1, 'FENCING_REJECT') end

local children = {}
for child = 1, #KEYS - at - 1 do children[child] = seedAt(at + 1 + child, 5 + 7 * child) end
local only = ARGV[8] ~= '' and #children == 1 and children[1]

if n.state == 'done' or n.state == 'releasing' or (n.reason == 'left_out' and n.committed == n.token) then
  -- The answer of the first call, as far as it is still valid: the owner is new with each attempt.
  local child = only and readNode(only.key)
  if not child or child.state ~= 'processing' or child.owner ~= ARGV[8] then
    return reply(3, 'ALREADY_COMMITTED', { n.state })
  end
  local due = tonumber(redis.call('ZSCORE', m.due[child.phase + 1], only.id) or 0)
  return reply(3, 'ALREADY_COMMITTED', { n.state }, show(only.id, child, due))
end
if n.state == 'dead' then return reply(2, 'CAS_CONFLICT') end
if n.state ~= 'processing' then return reply(1, 'FENCING_REJECT') end
if not isLive(S.run, exec, exec.phases[n.phase + 1].closed, n) then return reply(2, 'CAS_CONFLICT') end
local staged, counted, leaseMs = tonumber(ARGV[7]), 0, tonumber(ARGV[9])
local stagers = n.stagers or {}
if stagers[#stagers] == n.token then counted = tonumber(redis.call('HGET', KEYS[at + 1], 'count')) end
if staged ~= counted then return reply(1, 'FENCING_REJECT') end
if isMiscounted(m, n) then return miscounted(m, n) end

-- Most commits close nothing and record no event, so they write only the scope's keys that a node and its children are in.
local tells = mayAdvance(m) or n.step > exec.step
for _, child in ipairs(children) do tells = tells or opensStep(exec, child) end
if tells then
  expectScope()
  expectModule(m)
else
  expectDue(m.due[n.phase + 1], S.shard)
  for _, child in ipairs(children) do
    if child.phase ~= n.phase then expectType('zset', m.due[child.phase + 1]) end
  end
  if #children > 0 then expectType('list', S.nodes) end
end

n.committed = n.token
exec.executions, exec.streak, S.run.executions = exec.executions + 1, 0, S.run.executions + 1
if n.step > exec.step then
  exec.step = n.step
  emitOfStep(S, 'ModuleStepAdvanced', exec, n.step)
end
local items = countUsage(n, ARGV[11])
local mayHandOver = only and not S.run.paused and exec.cooldown <= S.now
local claim = mayHandOver and { owner = ARGV[8], leaseMs = leaseMs, token = ARGV[10] }
local made = createChildren(m, children, n, tonumber(ARGV[6]), claim)
if staged > 0 then
  n.state = 'releasing'
  writeNode(key, n)
  setDue(m.due[n.phase + 1], S.shard, exec, n.phase, id, S.now + S.grace)
elseif n.kind == 'hop' and made.leftOut > 0 and made.created + made.lost == 0 and items == 0 then
  -- Nothing of the hop is left: all that it asks for is beyond a cap.
  endDead(m, key, id, n, 'left_out')
  advance(m)
else
  local keepsBody = false
  for _, child in ipairs(children) do keepsBody = keepsBody or (child.prefix == id and child.phase == n.phase) end
  endDone(m, key, id, n, n.kind == 'request' and keepsBody)
  advance(m)
end
local payload = { n.state, made.created, made.lost, S.wakeUps, S.released, saveScope(m), made.leftOut }
if not made.next then return reply(0, 'COMMIT_OK', payload) end
return reply(0, 'COMMIT_OK', payload, show(only.id, made.next, S.now + claim.leaseMs))
