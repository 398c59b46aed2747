-- nodes_look: reads the ids of a run's nodes in the order of their creation.
-- INCLUDE lib/core.lua lib/node.lua
-- KEYS[1] nodes        ids of the run's nodes
-- KEYS[2..] after*     the node behind which to continue; none for the first
-- ARGV[1] limit        at most so many
-- CODES LookCode 0 FOUND
-- EFFECTS none

local from = 0
if #KEYS == 2 then
  local n = readNode(KEYS[2])
  from = n and n.no + 1 or 0
end
return { 0, 'FOUND', '', unpack(redis.call('LRANGE', KEYS[1], from, from + ARGV[1] - 1)) }
