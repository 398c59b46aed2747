-- run_purge: deletes a batch of a closed run's nodes; without nodes, the run itself.
-- INCLUDE lib/core.lua
-- KEYS[1] run          the run's record
-- KEYS[2] nodes        ids of the run's nodes
-- KEYS[3..] gone*      what to delete: nodes and what they staged, or everything else of the run
-- ARGV[1] count        how many nodes these are, the last of the list; 0 for the run itself
-- ARGV[2] last         the id of the last one, which must still be the last; empty for the run itself
-- ARGV[3] layout       fingerprint of the plan
-- CODES PurgeCode 0 DELETED, 1 NOT_CLOSED, 2 OTHER_BATCH
-- EFFECTS the keys are deleted; the run is expired from the first batch on

local run = load(KEYS[1])
local refused = otherLayout(run, ARGV[3])
if refused then return refused end
if run.state ~= 'closed' and run.state ~= 'expired' then return reply(1, 'NOT_CLOSED') end
local last = redis.call('LINDEX', KEYS[2], -1) or ''
if last ~= ARGV[2] then return reply(2, 'OTHER_BATCH') end
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
if ARGV[1] == '0' then
  redis.call('UNLINK', KEYS[1], KEYS[2])
  return reply(0, 'DELETED')
end
run.state = 'expired'
save(KEYS[1], run)
redis.call('LTRIM', KEYS[2], 0, -1 - ARGV[1])
return reply(0, 'DELETED')
