-- due_look: reads the due phases, deadlines and runs of a shard, the longest overdue first.
-- INCLUDE lib/core.lua
-- KEYS[1] shard_due    what the sweeper looks at
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] limit        at most so many members
-- CODES LookCode 0 FOUND
-- EFFECTS none

local now = clock()
local members = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[2])
return reply(0, 'FOUND', { now }, unpack(members))
