-- audit_count: counts a batch of a run's nodes by what the counters should say, and repairs their entries in the due sets.
-- INCLUDE lib/core.lua lib/node.lua lib/window.lua
-- KEYS[1..] due*       the due set of each phase of each module
-- KEYS[..] node*       the nodes
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] modules      how many modules
-- ARGV[3..] phases*    how many phases each module has
-- ARGV[..] id*         the nodes' ids
-- CODES LookCode 0 FOUND
-- EFFECTS an open node without a due entry is due now; terminal nodes lose theirs; a node says how its window counts it

local now, count, behind = clock(), tonumber(ARGV[2]), 0
local before, counts = {}, {}
for module = 1, count do
  before[module] = behind
  behind = behind + ARGV[2 + module]
end
for i = 1, #KEYS do expectType(i <= behind and 'zset' or 'string', KEYS[i]) end
-- nodes, done, dead, superseded, due, re-opened and open, hops and requests inside, ready hops and requests, left out
for i = 1, behind do counts[i] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } end
local function add(at, what) counts[at][what] = counts[at][what] + 1 end
for i = behind + 1, #KEYS do
  local n = readNode(KEYS[i])
  if n then
    local at, id = before[n.module + 1] + n.phase + 1, ARGV[2 + count + i - behind]
    local due = redis.call('ZSCORE', KEYS[at], id)
    add(at, 1)
    if n.state == 'done' then add(at, 2) end
    if n.state == 'dead' then add(at, 3) end
    if n.reason == 'superseded' then add(at, 4) end
    if n.reason == 'left_out' then add(at, 11) end
    if due then add(at, 5) end
    if n.state == 'done' or n.state == 'dead' then
      if due then redis.call('ZREM', KEYS[at], id) end
    else
      if n.reopened == 1 then add(at, 6) end
      if not due then redis.call('ZADD', KEYS[at], now, id) end
    end
    local window = windowOf(n, tonumber(due or now))
    if window > 0 then add(at, 4 + 2 * window + (n.kind == 'hop' and 1 or 2)) end
    if window ~= n.window then
      n.window = window
      writeNode(KEYS[i], n)
    end
  end
end
return reply(0, 'FOUND', counts)
