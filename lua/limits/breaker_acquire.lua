-- breaker_acquire: asks a circuit breaker for permission to send; the first grant after an open breaker's wait is its one trial.
-- INCLUDE lib/core.lua
-- KEYS[1] breaker    the breaker
-- ARGV[1] now        Unix ms instead of the server's clock, or empty
-- ARGV[2] nonce      of this call alone
-- ARGV[3] open_ms    from the last failure to the trial, by the caller's policy
-- ARGV[4] trial_ms   after this a trial without a report is granted again
-- ARGV[5] kept_ms    how long an unused key is kept
-- CODES BreakerAcquireCode 0 GRANTED, 1 REFUSED
-- EFFECTS a trial begins a new generation; other answers only read

local fields = { 'state', 'generation', 'last_ms', 'open_ms', 'trial', 'trial_until_ms' }
local found = redis.call('HMGET', KEYS[1], unpack(fields))
local state, generation = found[1] or 'closed', tonumber(found[2] or 0)
if state == 'closed' or (state == 'half_open' and found[5] == ARGV[2]) then return reply(0, 'GRANTED', { generation }) end

local now, openMs = clock(), tonumber(found[4])
local over = state == 'open' and found[3] + openMs or tonumber(found[6])
if now < over then
  local retry = state == 'open' and over or math.min(over, now + math.min(openMs, tonumber(ARGV[3])))
  return reply(1, 'REFUSED', { string.format('%d', retry), retry - now })
end
redis.call('HSET', KEYS[1], 'state', 'half_open', 'generation', string.format('%d', generation + 1), 'trial', ARGV[2],
  'trial_until_ms', string.format('%d', now + ARGV[4]))
redis.call('HDEL', KEYS[1], 'by', 'change', 'changed_ms')
redis.call('PEXPIRE', KEYS[1], string.format('%d', ARGV[5] + ARGV[4] + openMs))
return reply(0, 'GRANTED', { generation + 1 })
