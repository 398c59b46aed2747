-- limit_take: grants the starts that one holder asks for, and records what it holds; a repeated call records the same.
-- INCLUDE lib/core.lua
-- KEYS[1] limit         the rate limit
-- ARGV[1] now           Unix ms instead of the server's clock, or empty
-- ARGV[2] holder        the caller
-- ARGV[3] holding       permits that it holds
-- ARGV[4] wanted        starts that it wants beside them
-- ARGV[5] spacing_ms    between two starts; 0 is none
-- ARGV[6] concurrency   permits of all holders; 0 is any number
-- ARGV[7] lease_ms      a holder without a call for so long holds nothing
-- ARGV[8] delay_ms      no start is granted for so long; 0 is no delay
-- ARGV[9] interval_ms   the least spacing from now on, or empty to leave it
-- ARGV[10] kept_ms      how long an idle key keeps that
-- CODES LimitTakeCode 0 GRANTED, 1 WAIT
-- EFFECTS moves the last start, the delay and the interval; rewrites the holder; the key expires when it is idle

-- How far ahead of their time starts are granted, and how long after its time a waiting holder keeps its turn.
local AHEAD, GRACE, POLL, MOST = 100, 250, 50, 256
local now, wanted, concurrency, leaseMs = clock(), tonumber(ARGV[4]), tonumber(ARGV[6]), tonumber(ARGV[7])
local raw, at, waiting, held, ends = redis.call('HGETALL', KEYS[1]), {}, {}, tonumber(ARGV[3]), 0
local me = { name = 'h:' .. ARGV[2], turn = 0, wants = wanted, held = held }
for i = 1, #raw, 2 do
  if string.sub(raw[i], 1, 2) ~= 'h:' then
    at[raw[i]] = tonumber(raw[i + 1])
  else
    local h = { name = raw[i] }
    h.held, h.wants, h.turn, h.lease, h.look = cmsgpack.unpack(raw[i + 1])
    if h.name == me.name then
      me.turn = h.turn
    elseif h.lease <= now and h.look + GRACE <= now then
      redis.call('HDEL', KEYS[1], h.name)
    else
      if h.lease > now then held = held + h.held end
      if h.wants > 0 and h.look + GRACE > now then waiting[#waiting + 1] = h end
      ends = math.max(ends, h.lease, h.look + GRACE)
    end
  end
end
local blocked = math.max(at.blocked or 0, tonumber(ARGV[8]) > 0 and now + ARGV[8] or 0)
local interval = tonumber(ARGV[9]) or at.interval or 0
local spacing = math.max(tonumber(ARGV[5]), interval)
local turns = at.turns or 0

local first, slots = now, math.huge
if spacing > 0 then
  first = math.max(now, (at.last or 0) + spacing)
  slots = math.max(0, math.floor((now + AHEAD - first) / spacing + 1e-9) + 1)
end
if blocked > now then slots = 0 end
local free = concurrency > 0 and math.max(0, concurrency - held) or math.huge
local n = math.min(free, slots)

-- Without a rate, permits are shared evenly; with a rate, the holder whose last start is oldest comes first.
local function before(a, b)
  if spacing == 0 and a.held ~= b.held then return a.held < b.held end
  if a.turn ~= b.turn then return a.turn < b.turn end
  return a.name < b.name
end
local ahead, total = 0, wanted
for _, h in ipairs(waiting) do
  total = total + h.wants
  if before(h, me) then ahead = ahead + 1 end
end
waiting[#waiting + 1] = me

local granted = n >= total and wanted or 0
if granted == 0 and wanted > 0 then
  local turn = turns
  for _ = 1, math.min(n, MOST) do
    local next
    for _, h in ipairs(waiting) do
      if h.wants > 0 and (not next or before(h, next)) then next = h end
    end
    if not next then break end
    turn = turn + 1
    next.held, next.wants, next.turn = next.held + 1, next.wants - 1, turn
    if next == me then granted = granted + 1 end
  end
end
if granted > 0 then ahead = #waiting - 1 end

local wait = 0
if granted < wanted then
  if blocked > now then wait = blocked - now
  elseif free - granted <= 0 then wait = POLL * math.min(10, ahead + 1)
  else wait = math.max(n > granted and POLL / 2 or 1, first + (granted + ahead) * spacing - now - AHEAD) end
end
local last = granted > 0 and first + (granted - 1) * spacing or at.last or 0
turns = turns + (granted > 0 and 1 or 0)
local lease, look = now + leaseMs, now + wait
local turn = granted > 0 and turns or me.turn
redis.call('HSET', KEYS[1], me.name, cmsgpack.pack(ARGV[3] + granted, wanted - granted, turn, lease, look),
  'last', string.format('%.3f', last), 'blocked', string.format('%.0f', blocked), 'turns', string.format('%.0f', turns),
  'interval', string.format('%.3f', interval))
ends = math.max(ends, lease, look + GRACE, blocked, last + spacing, interval > 0 and now + ARGV[10] or 0)
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ends - now + 1000))
local answer = { granted, first - now, spacing, math.ceil(wait), math.max(0, blocked - now), interval }
if granted > 0 then return reply(0, 'GRANTED', answer) end
return reply(1, 'WAIT', answer)
