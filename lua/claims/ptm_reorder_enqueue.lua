-- ptm_reorder_enqueue: keeps a response that came before its node; the commit that creates the node returns it.
-- INCLUDE lib/core.lua
-- KEYS[1] run          the run's record
-- KEYS[2] reorder      responses before their node
-- ARGV[1] id           the node's id
-- ARGV[2] response     opaque
-- CODES ReorderCode 0 ENQUEUED, 1 DUPLICATE_BUFFERED
-- EFFECTS keeps the first response of a node; nothing for an unknown run, because it would never be deleted

if redis.call('EXISTS', KEYS[1]) == 0 then return reply(0, 'ENQUEUED') end
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 1 then return reply(0, 'ENQUEUED') end
return reply(1, 'DUPLICATE_BUFFERED')
