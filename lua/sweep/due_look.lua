-- due_look: reads the due members of a shard, times before phases and these before ends; the longest overdue first in each band.
-- INCLUDE lib/core.lua
-- KEYS[1] shard_due    what the sweeper looks at
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] limit        at most so many members of each band
-- ARGV[3] ends         at most so many ends of runs
-- CODES LookCode 0 FOUND
-- EFFECTS none

local now, limit = clock(), ARGV[2]
-- What most shards of an idle deployment answer costs no more than this.
if redis.call('EXISTS', KEYS[1]) == 0 then return reply(0, 'FOUND', { now, false }) end
local function band(from, to, most)
  return redis.call('ZRANGE', KEYS[1], from, to, 'BYSCORE', 'LIMIT', 0, most)
end
local members = band('-inf', scoreOfTime(now), limit)
local phases = band(0, now, limit)
local ends = band(scoreOfEnd(0), scoreOfEnd(now), ARGV[3])
local isFull = #members == tonumber(limit) or #phases == tonumber(limit) or #ends == tonumber(ARGV[3])
for _, found in ipairs({ phases, ends }) do
  for _, member in ipairs(found) do members[#members + 1] = member end
end
return reply(0, 'FOUND', { now, isFull }, unpack(members))
