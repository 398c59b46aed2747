-- run_control: pauses, resumes or cancels a run. Nodes are not touched.
-- INCLUDE lib/core.lua
-- KEYS[1] run          the run's record
-- KEYS[2] shard_due    what the sweeper looks at
-- KEYS[3..] exec*      the record of each module
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] action       pause, resume or cancel
-- CODES ControlCode 0 DONE, 1 NO_CHANGE, 2 RUN_CLOSED
-- EFFECTS a pause takes the run's open phases out of the shard's set, a resume puts them back; a cancel marks

local now, run, action = clock(), load(KEYS[1]), ARGV[3]
local refused = otherLayout(run, ARGV[2])
if refused then return refused end
if run.state ~= 'open' then return reply(2, 'RUN_CLOSED') end
if run.mark ~= '' then return reply(1, 'NO_CHANGE') end
expectType('zset', KEYS[2])
for i = 3, #KEYS do expectType('string', KEYS[i]) end
if action == 'cancel' then
  run.mark, run.reason = 'cancelled', 'cancelled'
  save(KEYS[1], run)
  redis.call('ZADD', KEYS[2], scoreOfEnd(now), 'r:' .. run.member)
  return reply(0, 'DONE')
end
local paused = action == 'pause'
if run.paused == paused then return reply(1, 'NO_CHANGE') end
run.paused = paused
save(KEYS[1], run)
for i = 3, #KEYS do
  local exec = load(KEYS[i])
  for at, phase in ipairs(exec and exec.state == 'open' and exec.phases or {}) do
    local open, member = phase.created - phase.done - phase.dead, 'p:' .. exec.member .. ':' .. at - 1
    -- A phase that its deadline has closed is drained also in a pause.
    local left = phase.closed ~= '' and open > phase.reopened
    if paused and not left then redis.call('ZREM', KEYS[2], member) end
    if not paused and open > 0 and at - 1 <= exec.front then redis.call('ZADD', KEYS[2], now, member) end
  end
end
return reply(0, 'DONE')
