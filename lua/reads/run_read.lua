-- run_read: reads a run at one moment.
-- INCLUDE lib/core.lua
-- KEYS[1] run          the run's record
-- KEYS[2..] module*    per module: exec, then a due set per phase
-- ARGV[1] layout       fingerprint of the plan
-- CODES LookCode 0 FOUND
-- EFFECTS none

local run = load(KEYS[1])
local refused = otherLayout(run, ARGV[1])
if refused then return refused end
local modules, at = {}, 2
while at <= #KEYS do
  local exec = load(KEYS[at])
  if not exec then return reply(-2, 'UNKNOWN_RUN') end
  local state, reason, phases = exec.state, exec.reason, {}
  -- Modules that a run's mark has ended count as terminated.
  if state == 'open' and run.state ~= 'open' then state, reason = 'terminated', run.reason end
  for i, phase in ipairs(exec.phases) do
    phases[i] = {
      phase.created, phase.done, phase.dead - phase.leftOut, redis.call('ZCARD', KEYS[at + i]), phase.closed, phase.inside,
      phase.ready, phase.leftOut,
    }
  end
  modules[#modules + 1] = {
    exec.id, state, reason, exec.current, phases, exec.executions, exec.errors, exec.front, exec.revision, exec.cooldown,
  }
  at = at + 1 + #exec.phases
end
local use = false
if run.caps then
  local caps, used = run.caps, run.used
  use = { caps.pages, caps.items, caps.bytes, caps.depth, used.pages, used.items, used.bytes, run.reached, used.leftOut }
end
return reply(0, 'FOUND', {
  run.state == 'expired' and 'closed' or run.state, run.mark, run.reason, run.paused, run.openings, modules, use,
})
