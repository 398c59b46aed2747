-- breaker_reset: closes a circuit breaker by hand; reports of running calls no longer count.
-- INCLUDE lib/core.lua
-- KEYS[1] breaker   the breaker
-- ARGV[1] now       Unix ms instead of the server's clock, or empty
-- ARGV[2] kept_ms   how long an unused key is kept
-- CODES BreakerResetCode 0 WAS_CLOSED, 1 CLOSED
-- EFFECTS begins a new generation without failures

local found = redis.call('HMGET', KEYS[1], 'state', 'generation')
local generation, now = string.format('%d', (found[2] or 0) + 1), clock()
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'state', 'closed', 'generation', generation)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if (found[1] or 'closed') == 'closed' then return reply(0, 'WAS_CLOSED') end
return reply(1, 'CLOSED', { tonumber(generation), string.format('%d', now) })
