-- etm_terminate_mark: marks a module or the whole task, once; from now on nothing of it is claimed.
-- INCLUDE lib/core.lua
-- KEYS[1] run          the run's record
-- KEYS[2] shard_due    what the sweeper looks at
-- KEYS[3..] exec*      the module's record; none for the task
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] reason       why
-- CODES TerminateCode 0 TERMINATED, 1 ALREADY_TERMINATED
-- EFFECTS sets the mark; the open nodes are due to be drained at once

local run = load(KEYS[1])
if not run or run.state ~= 'open' or run.mark ~= '' then return reply(1, 'ALREADY_TERMINATED') end
expectType('zset', KEYS[2])
-- An open run has an open node, or it would be closing: draining its nodes closes it.
if #KEYS == 2 then
  run.mark, run.reason = 'terminated', ARGV[2]
  save(KEYS[1], run)
  redis.call('ZADD', KEYS[2], scoreOfEnd(clock()), 'r:' .. run.member)
  return reply(0, 'TERMINATED')
end
local exec = load(KEYS[3])
if not exec or exec.state ~= 'open' then return reply(1, 'ALREADY_TERMINATED') end
exec.state, exec.reason = 'terminated', ARGV[2]
run.live = run.live - 1
save(KEYS[3], exec)
save(KEYS[1], run)
for at, phase in ipairs(exec.phases) do
  if phase.created > phase.done + phase.dead then
    redis.call('ZADD', KEYS[2], clock(), 'p:' .. exec.member .. ':' .. at - 1)
  end
end
return reply(0, 'TERMINATED')
