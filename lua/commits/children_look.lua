-- children_look: reads which staged children a pump would move, so that their keys can be passed.
-- INCLUDE lib/core.lua lib/node.lua
-- KEYS[1] node         the parent
-- KEYS[2..] staged*    what its token has staged; none for a first look, which answers the tokens
-- ARGV[1] limit        at most so many
-- CODES LookCode 0 FOUND
-- EFFECTS none

local n = readNode(KEYS[1])
if not n or n.state ~= 'releasing' then return reply(0, 'FOUND', { '', {}, 0, {} }) end
if #KEYS == 1 then return reply(0, 'FOUND', { n.token, n.stagers or {}, 0, {} }) end
local head = tonumber(redis.call('HGET', KEYS[2], 'head') or 0)
local count = tonumber(redis.call('HGET', KEYS[2], 'count') or 0)
local ids = {}
for at = head, math.min(count, head + ARGV[1]) - 1 do
  ids[#ids + 1] = cmsgpack.unpack(redis.call('HGET', KEYS[2], at)).id
end
return reply(0, 'FOUND', { n.token, n.stagers or {}, head, ids })
