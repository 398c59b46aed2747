-- ptm_release: releases a downloaded request for the parser; the downloader's lease ends.
-- INCLUDE lib/core.lua lib/node.lua lib/gate.lua lib/live.lua
-- KEYS[1] run          the run's record
-- KEYS[2] exec         the module's record
-- KEYS[3] node         the node
-- KEYS[4] due          its phase's due set
-- KEYS[5] shard_due    what the sweeper looks at
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] phase        the node's phase
-- ARGV[3] id           the node's id
-- ARGV[4] token        the lease's fencing value
-- ARGV[5] grace_ms     how long the parser may take to claim it, from now on
-- CODES ReleaseCode 0 RELEASED, 1 FENCING_REJECT
-- EFFECTS processing to fetched; moves the due time, also of a node that is fetched already

local at = tonumber(ARGV[2])
local exec = execGate(KEYS[2])
local n = findNode(KEYS[3], exec, at)
if not n or n.token ~= ARGV[4] then return reply(1, 'FENCING_REJECT') end
if (n.state ~= 'processing' and n.state ~= 'fetched') or not isLive(runGate(KEYS[1]), exec, closedOf(exec, at), n) then return reply(1, 'FENCING_REJECT') end
expectDue(KEYS[4], KEYS[5])
if n.state == 'processing' then
  n.state = 'fetched'
  writeNode(KEYS[3], n)
end
setDue(KEYS[4], KEYS[5], exec, at, ARGV[3], clock() + ARGV[5])
return reply(0, 'RELEASED')
