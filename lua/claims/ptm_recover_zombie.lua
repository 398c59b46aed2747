-- ptm_recover_zombie: recovers a node whose lease is over or whose response is lost; the attempt is not counted.
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
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] policy       dispatch grace in ms, windows of hops and requests
-- ARGV[4] id           the node's id
-- ARGV[5] crash_budget the node dies when it has lost so many leases
-- ARGV[6] token        of a lease that is over before its time; empty: it must have run out
-- ARGV[7] crashed      1: the holder died, 0: it gave the lease back
-- CODES RecoverCode 0 RECOVERED, 1 NOT_EXPIRED, 2 NOT_PROCESSING
-- EFFECTS processing to pending in the next epoch, or to dead; fetched to pending

local m, at, refused = openScope()
if not m then return refused end
local key, id = KEYS[at], ARGV[4]
local n = readNode(key)
if not n or n.module ~= m.exec.at then return reply(2, 'NOT_PROCESSING') end
local token = ARGV[6]
if token ~= '' and n.token ~= token then return reply(2, 'NOT_PROCESSING') end

local function wakeUp()
  if isLive(S.run, m.exec, m.exec.phases[n.phase + 1].closed, n) then notify(id, n) end
  return reply(0, 'RECOVERED', { false, S.wakeUps })
end

if n.state == 'fetched' then
  local grace = graceMs(n.dispatches)
  n.state, n.owner, n.token, n.attempts, n.dispatches = 'pending', '', '', math.max(0, n.attempts - 1), n.dispatches + 1
  writeNode(key, n)
  setDue(m.due[n.phase + 1], S.shard, m.exec, n.phase, id, S.now + grace)
  return wakeUp()
end
if n.state ~= 'processing' then return reply(2, 'NOT_PROCESSING') end
local due = tonumber(redis.call('ZSCORE', m.due[n.phase + 1], id) or 0)
if token == '' and due > S.now then return reply(1, 'NOT_EXPIRED') end
if ARGV[7] == '1' then n.crashes = n.crashes + 1 end
local died = ARGV[7] == '1' and n.crashes >= tonumber(ARGV[5])
if died and isMiscounted(m, n) then return miscounted(m, n) end

n.attempts, n.owner, n.token = math.max(0, n.attempts - 1), '', ''
if died then
  endDead(m, key, id, n, 'crashed')
  advance(m)
  saveScope(m)
else
  n.state, n.epoch = 'pending', n.epoch + 1
  writeNode(key, n)
  setDue(m.due[n.phase + 1], S.shard, m.exec, n.phase, id, S.now + graceMs(n.dispatches))
  return wakeUp()
end
return reply(0, 'RECOVERED', { died, S.wakeUps })
