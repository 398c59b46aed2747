-- run_settle: closes a run whose end has been written to the store.
-- INCLUDE lib/core.lua
-- KEYS[1] run          the run's record
-- KEYS[2] shard_due    what the sweeper looks at
-- CODES SettleCode 0 SETTLED, 1 NOT_CLOSING
-- EFFECTS closing to closed; the sweeper ignores the run from now on

local run = load(KEYS[1])
if not run or run.state ~= 'closing' then return reply(1, 'NOT_CLOSING') end
expectType('zset', KEYS[2])
run.state = 'closed'
save(KEYS[1], run)
redis.call('ZREM', KEYS[2], 'r:' .. run.member)
return reply(0, 'SETTLED')
