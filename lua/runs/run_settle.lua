-- run_settle: closes a run whose end has been written to the store.
-- INCLUDE lib/core.lua
-- KEYS[1] run          the run's record
-- KEYS[2] shard_due    what the sweeper looks at
-- ARGV[1] now          empty: the clock is not read
-- ARGV[2] has_ended    1: the store has the end of the run, so that an open one is closed too
-- CODES SettleCode 0 SETTLED, 1 NOT_CLOSING
-- EFFECTS closing to closed, or open to closed; the sweeper ignores the run from now on

local run = load(KEYS[1])
if not run or (run.state ~= 'closing' and not (ARGV[2] == '1' and run.state == 'open')) then
  return reply(1, 'NOT_CLOSING')
end
expectType('zset', KEYS[2])
run.state = 'closed'
save(KEYS[1], run)
redis.call('ZREM', KEYS[2], 'r:' .. run.member)
return reply(0, 'SETTLED')
