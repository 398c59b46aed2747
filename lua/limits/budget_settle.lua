-- budget_settle: records the actual cost of an attempt, in place of its reservation or of an earlier report.
-- INCLUDE lib/core.lua
-- KEYS[1] budget    the run's budget
-- ARGV[1] entry     what was paid for
-- ARGV[2] attempt   at it
-- ARGV[3] amount    in millionths
-- CODES BudgetSettleCode 0 SETTLED, 1 UNKNOWN_BUDGET
-- EFFECTS moves the attempt from reserved to spent; never creates a budget

local name = ARGV[1] .. ' ' .. ARGV[2]
local found = redis.call('HMGET', KEYS[1], 'spent', 'reserved', 'r:' .. name, 's:' .. name)
if not found[2] then return reply(1, 'UNKNOWN_BUDGET') end
local spent, reserved = (found[1] or 0) - (found[4] or 0) + ARGV[3], found[2] - (found[3] or 0)
redis.call('HSET', KEYS[1], 'spent', string.format('%.0f', spent), 'reserved', string.format('%.0f', reserved),
  's:' .. name, ARGV[3])
redis.call('HDEL', KEYS[1], 'r:' .. name)
return reply(0, 'SETTLED')
