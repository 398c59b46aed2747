-- run_audit: sets the counters of a run to the counts of its nodes, if nothing has changed since the count.
-- INCLUDE lib/core.lua
-- KEYS[1] run          the run's record
-- KEYS[2] shard_due    what the sweeper looks at
-- KEYS[3..] exec*      the record of each module
-- ARGV[1] now          Unix ms instead of the server's clock, or empty
-- ARGV[2] layout       fingerprint of the plan
-- ARGV[3] counts       per module and phase, as JSON: created done dead superseded reopened, inside and ready of each kind, left out, as they were kept, then as counted; empty to read
-- CODES AuditCode 0 DONE, 1 MOVED
-- EFFECTS sets the counters; each phase with open nodes is due once more

local run, now = load(KEYS[1]), clock()
local refused = otherLayout(run, ARGV[2])
if refused then return refused end
local names = { 'created', 'done', 'dead', 'superseded', 'reopened' }
local kept, execs = {}, {}
for i = 3, #KEYS do
  local exec = load(KEYS[i])
  if not exec then return reply(-2, 'UNKNOWN_RUN') end
  execs[#execs + 1] = exec
  local phases = {}
  for at, phase in ipairs(exec.phases) do
    phases[at] = {}
    for field, name in ipairs(names) do phases[at][field] = phase[name] end
    phases[at][6], phases[at][7] = phase.inside[1], phase.inside[2]
    phases[at][8], phases[at][9] = phase.ready[1], phase.ready[2]
    phases[at][10] = phase.leftOut
  end
  kept[#kept + 1] = phases
end
if ARGV[3] == '' then return reply(0, 'DONE', kept) end
local wanted = cjson.decode(ARGV[3])
for m, phases in ipairs(kept) do
  for at, fields in ipairs(phases) do
    for field, value in ipairs(fields) do
      if wanted[m][at][1][field] ~= value then return reply(1, 'MOVED') end
    end
  end
end
expectType('zset', KEYS[2])
local open = 0
for m, exec in ipairs(execs) do
  for at, phase in ipairs(exec.phases) do
    local actual = wanted[m][at][2]
    for field, name in ipairs(names) do phase[name] = actual[field] end
    phase.inside, phase.ready = { actual[6], actual[7] }, { actual[8], actual[9] }
    phase.leftOut = actual[10]
    local left = phase.created - phase.done - phase.dead
    open = open + left
    if left > 0 and run.state == 'open' and not run.paused and at - 1 <= exec.front then
      redis.call('ZADD', KEYS[2], now, 'p:' .. exec.member .. ':' .. at - 1)
    end
  end
  save(KEYS[2 + m], exec)
end
run.open = open
save(KEYS[1], run)
return reply(0, 'DONE')
