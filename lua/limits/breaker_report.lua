-- breaker_report: reports the outcome of a call that a circuit breaker granted. It counts only in the grant's generation.
-- INCLUDE lib/core.lua
-- KEYS[1] breaker      the breaker
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] generation   of the grant
-- ARGV[3] nonce        of the grant
-- ARGV[4] failures     so many in a row open it
-- ARGV[5] open_ms      from the last failure to the trial
-- ARGV[6] outcome      success, failure or neutral
-- ARGV[7] kept_ms      how long an unused key is kept
-- CODES BreakerReportCode 0 NOTED, 1 OPENED, 2 CLOSED, 3 STALE
-- EFFECTS adds to the failures or clears them; opens or closes, which begins a new generation

local found = redis.call('HMGET', KEYS[1], 'state', 'generation', 'failed', 'trial', 'by', 'change', 'changed_ms')
local state, generation = found[1] or 'closed', tonumber(found[2] or 0)
local failed, granted, nonce, outcome = found[3] or '', tonumber(ARGV[2]), ARGV[3], ARGV[6]
local now = clock()

local function changeReply(change, generation, at)
  local what = { generation, string.format('%d', at) }
  if change == 'opened' then return reply(1, 'OPENED', what) end
  if change == 'closed' then return reply(2, 'CLOSED', what) end
  return reply(0, 'NOTED')
end

local function put(...)
  redis.call('HSET', KEYS[1], ...)
  redis.call('PEXPIRE', KEYS[1], string.format('%d', ARGV[7] + ARGV[5]))
end

local function begin(into, change, ...)
  redis.call('HDEL', KEYS[1], 'failed', 'trial', 'trial_until_ms')
  put('state', into, 'generation', string.format('%d', generation + 1), 'by', nonce, 'change', change,
    'changed_ms', string.format('%d', now), ...)
  return changeReply(change, generation + 1, now)
end

if generation == granted + 1 and found[5] == nonce then return changeReply(found[6], generation, found[7]) end
if generation ~= granted then return reply(3, 'STALE') end
local failure = { 'last_ms', string.format('%d', now), 'open_ms', ARGV[5] }
if state == 'half_open' and found[4] == nonce then
  if outcome == 'success' then return begin('closed', 'closed') end
  if outcome == 'neutral' then return begin('open', '') end
  return begin('open', 'opened', unpack(failure))
end
if state ~= 'closed' then return reply(3, 'STALE') end
if outcome == 'success' and failed ~= '' then redis.call('HDEL', KEYS[1], 'failed') end
local known = string.find(' ' .. failed, ' ' .. nonce .. ' ', 1, true)
if outcome ~= 'failure' or known then return reply(0, 'NOTED') end
failed = failed .. nonce .. ' '
local _, count = string.gsub(failed, ' ', ' ')
if count >= tonumber(ARGV[4]) then return begin('open', 'opened', unpack(failure)) end
put('failed', failed, 'generation', string.format('%d', generation), unpack(failure))
return reply(0, 'NOTED')
