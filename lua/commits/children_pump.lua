-- children_pump: creates a batch of staged children; the last batch makes their parent done.
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
-- KEYS[..] node        the parent
-- KEYS[..] staged      what its token has staged
-- KEYS[..] child*      the node of each child to move
-- KEYS[..] other*      what other tokens of the parent have staged
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] policy       dispatch grace in ms, windows of hops and requests
-- ARGV[4] id           the parent's id
-- ARGV[5] token        that committed, as children_look answered it
-- ARGV[6] wake_ups        how many children the caller notifies
-- ARGV[7] head         where the batch begins
-- ARGV[8] children     how many there are in the batch
-- CODES PumpScriptCode 0 MOVED, 1 NOT_RELEASING, 2 OTHER_BATCH
-- EFFECTS children created or revived and no longer staged; what other tokens staged is deleted; at the end as a commit

local m, at, refused = openScope()
if not m then return refused end
local exec, key, id, staged = m.exec, KEYS[at], ARGV[4], KEYS[at + 1]
local n = readNode(key)
-- Under a mark no child is created: the node is ended with its scope.
if not n or n.module ~= exec.at or n.state ~= 'releasing' or not isLive(S.run, exec, exec.phases[n.phase + 1].closed, n) then
  return reply(1, 'NOT_RELEASING')
end
local head, count = tonumber(ARGV[7]), tonumber(ARGV[8])
local total = tonumber(redis.call('HGET', staged, 'count') or 0)
-- Another pump moved a batch since the look.
if n.token ~= ARGV[5] or tonumber(redis.call('HGET', staged, 'head') or 0) ~= head then return reply(2, 'OTHER_BATCH') end
if isMiscounted(m, n) then return miscounted(m, n) end

local seeds, spent = {}, {}
for child = 1, count do
  local field = head + child - 1
  local seed = cmsgpack.unpack(redis.call('HGET', staged, field))
  seed.key = KEYS[at + 1 + child]
  expectType('string', seed.key)
  seeds[child] = seed
  spent[#spent + 1] = field
  spent[#spent + 1] = 'id:' .. seed.id
end
local made = createChildren(m, seeds, n, tonumber(ARGV[6]))
for other = at + 2 + count, #KEYS do redis.call('UNLINK', KEYS[other]) end
local more = head + count < total
if more then
  redis.call('HDEL', staged, unpack(spent))
  redis.call('HSET', staged, 'head', head + count)
  n.stagers = { n.token }
  writeNode(key, n)
  setDue(m.due[n.phase + 1], S.shard, exec, n.phase, id, S.now + S.grace)
else
  redis.call('UNLINK', staged)
  n.stagers = false
  endDone(m, key, id, n, n.kind == 'request')
  advance(m)
end
return reply(0, 'MOVED', { more, made.created, made.lost, S.wakeUps, S.released, saveScope(m), made.leftOut })
