-- budget_reserve: reserves money of a run for one attempt at an entry, if spent and reserved money stay within the cap.
-- INCLUDE lib/core.lua
-- KEYS[1] budget    the run's budget
-- ARGV[1] entry     what is paid for
-- ARGV[2] attempt   the same attempt replaces its own reservation
-- ARGV[3] amount    the most that it may cost, in millionths
-- ARGV[4] cap       of the whole run, in millionths, or empty
-- CODES BudgetReserveCode 0 GRANTED, 1 REFUSED
-- EFFECTS reservations of earlier attempts count as spent; reserves, unless the attempt is settled or the cap has no room

local name = ARGV[1] .. ' ' .. ARGV[2]
local found = redis.call('HMGET', KEYS[1], 'spent', 'reserved', 'r:' .. name, 's:' .. name, 'l:' .. ARGV[1])
local spent, reserved, own = tonumber(found[1] or 0), tonumber(found[2] or 0), found[3] or 0
if found[4] then return reply(0, 'GRANTED') end

local function put(...)
  redis.call('HSET', KEYS[1], 'spent', string.format('%.0f', spent), 'reserved', string.format('%.0f', reserved), ...)
end

local earlier = found[5] and found[5] ~= ARGV[2] and ARGV[1] .. ' ' .. found[5]
local left = earlier and redis.call('HGET', KEYS[1], 'r:' .. earlier)
if left then
  spent, reserved = spent + left, reserved - left
  put('s:' .. earlier, left)
  redis.call('HDEL', KEYS[1], 'r:' .. earlier)
end

local after = reserved - own + ARGV[3]
if ARGV[4] ~= '' and spent + after > tonumber(ARGV[4]) then
  return reply(1, 'REFUSED', { string.format('%.0f', spent), string.format('%.0f', reserved) })
end
reserved = after
put('r:' .. name, ARGV[3], 'l:' .. ARGV[1], ARGV[2])
return reply(0, 'GRANTED')
