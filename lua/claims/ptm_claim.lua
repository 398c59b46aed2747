-- ptm_claim: claims a node: takes the right to execute it.
-- INCLUDE lib/core.lua lib/node.lua lib/caps.lua lib/gate.lua lib/live.lua lib/window.lua
-- KEYS[1] run          the run's record
-- KEYS[2] exec         the module's record
-- KEYS[3] node         the node
-- KEYS[4] due          its phase's due set
-- KEYS[5] shard_due    what the sweeper looks at
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] phase        the node's phase
-- ARGV[3] id           the node's id
-- ARGV[4] epoch        the epoch that the message names
-- ARGV[5] owner        unique per attempt
-- ARGV[6] stage        module-processor, downloader or parser
-- ARGV[7] lease_ms     how long the lease holds
-- ARGV[8] token        the fencing value to give
-- ARGV[9] suspect_after a node with so many crashes is refused; empty for a claim that is alone
-- CODES ClaimCode 0 EXECUTE, 1 DUPLICATE_DONE, 2 STALE_STEP, 3 OUT_OF_ORDER, 4 LOCKED_BY_OTHER, 5 TERMINATED, 6 PAUSED, 7 RUN_CLOSED, 8 SUSPECT
-- EFFECTS leases the node, which is inside the window then; a refused wake-up of a paused or cooling scope moves the node's due time

local now, at, id = clock(), tonumber(ARGV[2]), ARGV[3]

local run = runGate(KEYS[1])
if not run or run.state ~= 'open' then return reply(7, 'RUN_CLOSED') end
local exec = execGate(KEYS[2])
local n = findNode(KEYS[3], exec, at)
expectDue(KEYS[4], KEYS[5])

local function execute(due)
  return { 0, 'EXECUTE', '', show(id, n, due) }
end

local function dueOf()
  return tonumber(redis.call('ZSCORE', KEYS[4], id) or 0)
end

if n and n.state == 'processing' and n.owner == ARGV[5] then return execute(dueOf()) end
if run.paused then
  -- The wake-up is used up, so the node must be notified again when the run resumes.
  if n and n.state == 'pending' and n.window == 1 then setDue(KEYS[4], KEYS[5], exec, at, id, now) end
  return reply(6, 'PAUSED')
end
if run.mark ~= '' then return reply(5, 'TERMINATED') end

local closed = exec and closedOf(exec, at)
if not n then
  local marked = exec and (exec.state == 'terminated' or (closed and closed ~= ''))
  if marked then return reply(5, 'TERMINATED') end
  return reply(3, 'OUT_OF_ORDER')
end
if exec.state == 'terminated' then return reply(5, 'TERMINATED') end
if n.state == 'done' or n.state == 'dead' then
  if closed == 'deadline' then return reply(5, 'TERMINATED') end
  return reply(1, 'DUPLICATE_DONE')
end
if not isLive(run, exec, closed, n) then return reply(5, 'TERMINATED') end
if leavesOutNodes(run) and isLeftOut(run, load(KEYS[2]), n) then return reply(5, 'TERMINATED') end
if tonumber(ARGV[4]) < n.epoch then return reply(2, 'STALE_STEP') end
local takeable = n.state == 'pending' or (n.state == 'fetched' and ARGV[6] == 'parser')
local waits = at > exec.current and (at > exec.front or dueOf() >= LAST_OPENING)
if not takeable or waits then
  return reply(4, 'LOCKED_BY_OTHER', { math.min(math.max(0, dueOf() - now), 3600000) })
end
if n.state == 'pending' and exec.cooldown > now then
  if n.window == 1 then setDue(KEYS[4], KEYS[5], exec, at, id, exec.cooldown) end
  return reply(4, 'LOCKED_BY_OTHER', { exec.cooldown - now })
end

if ARGV[9] ~= '' and n.crashes >= tonumber(ARGV[9]) then return reply(8, 'SUSPECT', { n.crashes }) end

if n.state == 'pending' then n.attempts = n.attempts + 1 end
n.state, n.owner, n.token = 'processing', ARGV[5], ARGV[8]
local due = now + ARGV[7]
noteOpening(exec, n)
if n.window ~= 1 then
  -- Nearly always a claim is of a node inside the window, whose counters need not be read.
  local counted = load(KEYS[2])
  place(counted, n, due)
  save(KEYS[2], counted)
end
writeNode(KEYS[3], n)
setDue(KEYS[4], KEYS[5], exec, at, id, due)
return execute(due)
