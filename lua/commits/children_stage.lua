-- children_stage: stages children before their parent's commit, under its token; a child staged twice counts once.
-- INCLUDE lib/core.lua lib/node.lua lib/gate.lua lib/live.lua
-- KEYS[1] run          the run's record
-- KEYS[2] exec         the module's record
-- KEYS[3] node         the parent
-- KEYS[4] staged       what this token has staged
-- ARGV[1] layout       fingerprint of the plan
-- ARGV[2] phase        the parent's phase
-- ARGV[3] token        the lease's fencing value
-- ARGV[4..] child*     id kind phase step prefix limit_key body
-- CODES StageCode 0 STAGED, 1 FENCING_REJECT
-- EFFECTS appends the children that this token has not staged yet; remembers the token with its parent

local run, exec = runGate(KEYS[1]), execGate(KEYS[2])
local refused = otherLayout(run, ARGV[1])
if refused then return refused end
local n = findNode(KEYS[3], exec, tonumber(ARGV[2]))
if not n or n.state ~= 'processing' or n.token ~= ARGV[3] or not isLive(run, exec, closedOf(exec, n.phase), n) then
  return reply(1, 'FENCING_REJECT')
end
if #ARGV == 3 then return reply(0, 'STAGED') end
local count = tonumber(redis.call('HGET', KEYS[4], 'count') or 0)
if count == 0 then
  n.stagers = n.stagers or {}
  n.stagers[#n.stagers + 1] = n.token
  writeNode(KEYS[3], n)
end
for at = 4, #ARGV, 7 do
  if redis.call('HSETNX', KEYS[4], 'id:' .. ARGV[at], count) == 1 then
    local computed = ARGV[at + 1] == 'computed'
    local seed = {
      id = ARGV[at], kind = computed and 'hop' or ARGV[at + 1], computed = computed, phase = tonumber(ARGV[at + 2]), step = tonumber(ARGV[at + 3]),
      prefix = ARGV[at + 4], limitKey = ARGV[at + 5], body = ARGV[at + 6],
    }
    redis.call('HSET', KEYS[4], count, cmsgpack.pack(seed))
    count = count + 1
  end
end
redis.call('HSET', KEYS[4], 'count', count)
return reply(0, 'STAGED')
