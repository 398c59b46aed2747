-- node_read: reads nodes of a run, each with the time at which somebody must look at it.
-- INCLUDE lib/core.lua lib/node.lua
-- KEYS[1..] due*       the due set of each phase of each module
-- KEYS[..] node*       the nodes
-- ARGV[1] modules      how many modules
-- ARGV[2..] phases*    how many phases each module has
-- ARGV[..] id*         the nodes' ids
-- CODES LookCode 0 FOUND
-- EFFECTS none

local count, behind = tonumber(ARGV[1]), 0
local before = {}
for module = 1, count do
  before[module] = behind
  behind = behind + ARGV[1 + module]
end
local answer = { 0, 'FOUND', '' }
for i = behind + 1, #KEYS do
  local n = readNode(KEYS[i])
  if n then
    local id = ARGV[1 + count + i - behind]
    local due = tonumber(redis.call('ZSCORE', KEYS[before[n.module + 1] + n.phase + 1], id) or 0)
    answer[#answer + 1] = cjson.encode(show(id, n, due))
    answer[#answer + 1] = n.body
    answer[#answer + 1] = n.error
  end
end
return answer
