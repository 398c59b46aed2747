-- Records, the clock and the answer, for every script.

-- Unix milliseconds of the server, or of a test.
local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The record of a run or module begins with its gate: the few fields that most calls read, so that they need not unpack the
-- rest (lib/gate.lua).
local function load(key)
  local packed = redis.call('GET', key)
  local r = packed and select(2, cmsgpack.unpack(packed))
  -- Modules of older releases never open early.
  if r and r.phases and not r.front then r.front, r.revision, r.earlyAt = r.current, 1, 0 end
  -- Nor do they count windows: a node that one of them has written counts from its next transition on.
  for _, phase in ipairs(r and r.phases or {}) do
    if not phase.inside then phase.inside, phase.ready = { 0, 0 }, { 0, 0 } end
    phase.leftOut = phase.leftOut or 0
  end
  return r
end

local function save(key, r)
  local gate
  if r.phases then
    gate = { r.at, r.id, r.member, r.state, r.current, r.cooldown }
    for i, phase in ipairs(r.phases) do gate[6 + i] = phase.closed end
    -- Behind the phases, where older releases do not look.
    gate[7 + #r.phases], gate[8 + #r.phases] = r.front, r.revision
  else
    gate = { r.id, r.state, r.mark, r.paused, r.layout, r.task or '', r.reached }
  end
  redis.call('SET', key, cmsgpack.pack(gate, r))
end

-- A write to a key of another type fails, and earlier writes stay. So a script first checks the types of the keys that it
-- writes without reading.
local function expectType(wanted, key)
  local found = redis.call('TYPE', key).ok
  if found ~= wanted and found ~= 'none' then error(key .. ' holds a ' .. found .. ' instead of a ' .. wanted, 0) end
end

-- The shard's due set has three bands, which are taken one after the other: times (deadlines and early openings), phases, and the
-- ends of runs. The score of a time is this much lower, that of an end as much higher.
local BAND = 1e15

local function scoreOfTime(at)
  return string.format('%d', at - BAND)
end

local function scoreOfEnd(at)
  return string.format('%d', at + BAND)
end

-- Texts follow the payload unquoted.
local function reply(code, msg, payload, ...)
  return { code, msg, payload and cjson.encode(payload) or '', ... }
end

-- The answer to a caller whose keys follow from another plan than the run's; nil when the plan is the same.
local function otherLayout(run, layout)
  if not run then return reply(-2, 'UNKNOWN_RUN') end
  if run.layout ~= layout then return reply(-1, 'OTHER_LAYOUT') end
  return nil
end
