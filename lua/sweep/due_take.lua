-- due_take: takes due nodes of a phase, and sets when the phase is due next.
-- INCLUDE lib/core.lua lib/node.lua lib/live.lua lib/window.lua
-- KEYS[1] run          the run's record
-- KEYS[2] exec         the module's record
-- KEYS[3] shard_due    what the sweeper looks at
-- KEYS[4] due          the phase's due set
-- KEYS[5..] node*      nodes that were due when the caller read the set
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] member       the phase's member of the shard's due set
-- ARGV[3] phase        the phase
-- ARGV[4] grace_ms     dispatch grace
-- ARGV[5] decision_ms  decision grace
-- ARGV[6] response_ms  response grace
-- ARGV[7] windows      of hops and requests of a run
-- ARGV[8..] id*        the nodes' ids
-- CODES LookCode 0 FOUND
-- EFFECTS moves each due time forward (except of a lease, which its recovery moves); retries become pending, inside the window or ready

local now, at, shard, due = clock(), tonumber(ARGV[3]), KEYS[3], KEYS[4]
local run, exec = load(KEYS[1]), load(KEYS[2])
local phase = exec and exec.phases[at + 1]
if not run or not phase or run.state ~= 'open' or run.mark ~= '' then
  -- A marked run has a member of its own.
  redis.call('ZREM', shard, ARGV[2])
  return reply(0, 'FOUND', { false, {} })
end
local open = phase.created - phase.done - phase.dead
local left = open > 0 and (exec.state == 'terminated' or (phase.closed ~= '' and open > phase.reopened))

local sizes = windowSizes(ARGV[7], run)

local function take(key, id, n)
  if n.state == 'processing' then return { 'recover', id } end
  if n.state == 'fetched' then
    redis.call('ZADD', due, now + ARGV[6], id)
    return { 'recover', id, true }
  end
  local kind, graceMs = nil, tonumber(ARGV[4])
  if n.state == 'releasing' then
    kind = 'pump'
  elseif n.state == 'failed' then
    kind, graceMs = 'error', tonumber(ARGV[5])
  elseif n.window == 0 and windowRoom(exec, sizes, n.kind == 'hop' and 1 or 2) == 0 then
    -- A retry whose time has come, or what waited for the last opening: it stands ready.
    n.state, n.token, n.owner = 'pending', '', ''
    place(exec, n, readyAt(n))
    writeNode(key, n)
    redis.call('ZADD', due, string.format('%d', readyAt(n)), id)
    return nil
  else
    kind = n.state == 'retry' and 'error_task' or (n.kind == 'hop' and 'parser_task' or 'request')
    graceMs = math.min(graceMs * 2 ^ math.min(n.dispatches, 30), 3600000)
    n.state, n.token, n.owner, n.dispatches = 'pending', '', '', n.dispatches + 1
    place(exec, n, now + graceMs)
    writeNode(key, n)
  end
  redis.call('ZADD', due, now + graceMs, id)
  local withError = kind == 'error' or kind == 'error_task'
  return {
    kind, id, n.phase, n.step, n.prefix, n.epoch, n.dispatches, n.attempts, n.kind, n.limitKey, withError and n.error or '',
  }
end

expectDue(due, shard)
for i = 5, #KEYS do expectType('string', KEYS[i]) end
local taken = {}
local looks = exec.state == 'open' and not run.paused and at <= exec.front
if looks then
  local found = {}
  for i = 5, #KEYS do
    local id = ARGV[i + 3]
    local score = redis.call('ZSCORE', due, id)
    local isDue = score and (tonumber(score) <= now or (tonumber(score) >= LAST_OPENING and at <= exec.current))
    local n = isDue and readNode(KEYS[i])
    local isOfPhase = n and n.module == exec.at and n.phase == at and (phase.closed == '' or n.reopened == 1)
    if isOfPhase then found[#found + 1] = { KEYS[i], id, n } end
  end
  -- The first created goes first, if the window has not room for all.
  table.sort(found, function(one, other) return one[3].no < other[3].no end)
  for _, each in ipairs(found) do
    local entry = take(unpack(each))
    if entry then taken[#taken + 1] = entry end
  end
  if #found > 0 then save(KEYS[2], exec) end
end
local first = looks and redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
-- What waited for the last opening is due now; as long as it waits, nobody looks at it.
if first and at <= exec.current and redis.call('ZCOUNT', due, string.format('%d', LAST_OPENING), '+inf') > 0 then first = now end
if first and tonumber(first) >= LAST_OPENING then first = nil end
if not left then
  if first then redis.call('ZADD', shard, first, ARGV[2]) else redis.call('ZREM', shard, ARGV[2]) end
end
local fill = phaseToFill(run, exec, sizes)
if fill then redis.call('ZADD', shard, now, 'p:' .. exec.member .. ':' .. fill) end
return reply(0, 'FOUND', { left, taken, fill or -1 })
