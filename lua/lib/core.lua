-- Records, the clock and the answer: what every script needs.

-- Unix milliseconds: the server's, or what a test passes in its place.
local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function load(key)
  local packed = redis.call('GET', key)
  return packed and cmsgpack.unpack(packed)
end

local function save(key, record)
  redis.call('SET', key, cmsgpack.pack(record))
end

-- Large texts follow the payload as they are, so that nobody has to quote them.
local function reply(code, msg, payload, ...)
  return { code, msg, payload and cjson.encode(payload) or '', ... }
end
