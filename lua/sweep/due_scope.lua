-- due_scope: takes a due deadline or early opening, or a marked or closing run, or one that has reached a cap.
-- INCLUDE lib/core.lua lib/caps.lua
-- KEYS[1] run          the run's record
-- KEYS[2] shard_due    what the sweeper looks at
-- KEYS[3..] exec*      of a deadline or early opening its module's record, of a run those of all its modules
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] member       the due member of the shard's set
-- ARGV[3] phase        of a deadline its phase; -1 for an early opening; empty for a run
-- ARGV[4] grace_ms     after this a run that was not settled is due again
-- ARGV[5] layout       of a run: fingerprint of its plan, empty when it is not known
-- CODES LookCode 0 FOUND
-- EFFECTS moves a closing run, and one that has reached a cap, forward; removes a member that needs nothing any more

local now, run = clock(), load(KEYS[1])

local function nothing()
  redis.call('ZREM', KEYS[2], ARGV[2])
  return reply(0, 'FOUND', { 'none' })
end

if not run then return nothing() end
if ARGV[3] == '-1' then
  local exec = load(KEYS[3])
  local counts = exec and exec.state == 'open' and exec.earlyAt > 0 and run.state == 'open' and run.mark == ''
  if not counts then return nothing() end
  if exec.earlyAt > now then
    redis.call('ZADD', KEYS[2], scoreOfTime(exec.earlyAt), ARGV[2])
    return reply(0, 'FOUND', { 'none' })
  end
  -- Not moved forward: opening the phases removes it.
  return reply(0, 'FOUND', { 'early' })
end
if ARGV[3] ~= '' then
  local exec, at = load(KEYS[3]), tonumber(ARGV[3])
  local phase = exec and exec.phases[at + 1]
  local isCurrent = phase and exec.state == 'open' and exec.current == at and phase.closed == ''
  local counts = isCurrent and run.state == 'open' and run.mark == '' and phase.deadline > 0
  if not counts then return nothing() end
  if phase.deadline > now then
    redis.call('ZADD', KEYS[2], scoreOfTime(phase.deadline), ARGV[2])
    return reply(0, 'FOUND', { 'none' })
  end
  -- Not moved forward: closing the phase removes it.
  return reply(0, 'FOUND', { 'deadline' })
end
if run.state == 'closing' then
  redis.call('ZADD', KEYS[2], scoreOfEnd(now + ARGV[4]), ARGV[2])
  return reply(0, 'FOUND', { 'settle' })
end
local isCapped = run.mark == '' and leavesOutNodes(run)
if run.state ~= 'open' or (run.mark == '' and not isCapped) then return nothing() end
if run.layout ~= ARGV[5] then return reply(-1, 'OTHER_LAYOUT') end
-- The phases with open nodes, until they are drained. A cap leaves nothing out of what is over already.
local left = {}
for i = 3, #KEYS do
  local exec = load(KEYS[i])
  for at, phase in ipairs(exec and exec.phases or {}) do
    local isOver = exec.state ~= 'open' or phase.closed ~= ''
    if phase.created > phase.done + phase.dead and not (isCapped and isOver) then left[#left + 1] = { i - 3, at - 1 } end
  end
end
-- What is executed now may wait again: the run is looked at until it ends.
if isCapped then redis.call('ZADD', KEYS[2], scoreOfEnd(now + ARGV[4]), ARGV[2]) end
return reply(0, 'FOUND', { 'drain', left })
