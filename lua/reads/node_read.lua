-- node_read: reads nodes of a run, each with its due time.
-- INCLUDE lib/core.lua lib/node.lua lib/gate.lua
-- KEYS[1] run          the run's record
-- KEYS[2..] due*       the due set of each phase of each module
-- KEYS[..] node*       the nodes
-- ARGV[1] layout       fingerprint of the plan
-- ARGV[2] modules      how many modules
-- ARGV[3..] phases*    how many phases each module has
-- ARGV[..] id*         the nodes' ids
-- CODES LookCode 0 FOUND
-- EFFECTS none

local refused = otherLayout(runGate(KEYS[1]), ARGV[1])
if refused then return refused end
local count, behind = tonumber(ARGV[2]), 1
local before = {}
for module = 1, count do
  before[module] = behind
  behind = behind + ARGV[2 + module]
end
local answer = { 0, 'FOUND', '' }
for i = behind + 1, #KEYS do
  local n = readNode(KEYS[i])
  if n then
    local id = ARGV[2 + count + i - behind]
    local due = tonumber(redis.call('ZSCORE', KEYS[before[n.module + 1] + n.phase + 1], id) or 0)
    for _, text in ipairs({ show(id, n, due) }) do answer[#answer + 1] = text end
  end
end
return answer
