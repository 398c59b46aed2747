-- purge_look: reads the last nodes of a run and what they staged, so that their keys can be passed.
-- INCLUDE lib/core.lua lib/node.lua
-- KEYS[1..] node*      nodes of the run
-- CODES LookCode 0 FOUND
-- EFFECTS none

local tokens = {}
for i, key in ipairs(KEYS) do
  local n = readNode(key)
  tokens[i] = n and n.stagers or {}
end
return reply(0, 'FOUND', tokens)
