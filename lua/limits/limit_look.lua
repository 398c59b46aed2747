-- limit_look: reads the use of a key by all holders; it changes nothing.
-- INCLUDE lib/core.lua
-- KEYS[1] limit        the rate limit
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] spacing_ms   between two starts; 0 is none
-- CODES LimitLookCode 0 SEEN
-- EFFECTS none

-- As in limit_take: how long after its time a waiting holder keeps its turn.
local GRACE = 250
local now, raw, at, waiting, held = clock(), redis.call('HGETALL', KEYS[1]), {}, 0, 0
for i = 1, #raw, 2 do
  if string.sub(raw[i], 1, 2) ~= 'h:' then
    at[raw[i]] = tonumber(raw[i + 1])
  else
    local holding, wants, _, lease, look = cmsgpack.unpack(raw[i + 1])
    if lease > now then held = held + holding end
    if look + GRACE > now then waiting = waiting + wants end
  end
end
local spacing = math.max(tonumber(ARGV[2]), at.interval or 0)
local first = math.max(at.blocked or 0, spacing > 0 and (at.last or 0) + spacing or 0)
return reply(0, 'SEEN', { waiting, held, math.max(0, math.ceil(first - now)) })
