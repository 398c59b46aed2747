-- The window of a module: which of its nodes are with the stages, and which stand ready here. Each phase counts its nodes inside
-- and ready, hops first. A node says in `window` how it is counted: 0 outside, 1 inside, 2 ready.

-- The due time of a node that waits for the last opening of its phase while that phase is open early: later than any time.
local LAST_OPENING = 8e15
-- The due time of a ready node, plus its number in the run: later than any time, and in the order of creation.
local READY = { hop = 4e15, request = 5e15 }

local function readyAt(n)
  return READY[n.kind] + n.no
end

local function windowOf(n, due)
  if n.state == 'pending' then
    if due < READY.hop then return 1 end
    return due < LAST_OPENING and 2 or 0
  end
  return (n.state == 'retry' or n.state == 'done' or n.state == 'dead') and 0 or 1
end

-- Counts where the node is from now on. Call this before it is written; `due` is its due time then, nil for a terminal one.
local function place(exec, n, due)
  local to = windowOf(n, due)
  if to == n.window then return end
  local phase, kind = exec.phases[n.phase + 1], n.kind == 'hop' and 1 or 2
  if n.window == 1 then phase.inside[kind] = phase.inside[kind] - 1 end
  if n.window == 2 then phase.ready[kind] = phase.ready[kind] - 1 end
  if to == 1 then phase.inside[kind] = phase.inside[kind] + 1 end
  if to == 2 then phase.ready[kind] = phase.ready[kind] + 1 end
  n.window = to
end

local LEAST_WINDOW = 16

-- The windows of each module of a run, whose own are `hops,requests`.
local function windowSizes(text, run)
  local hops, requests = string.match(text, '^(%d+),(%d+)$')
  local function ofModule(size)
    return math.max(math.min(tonumber(size), LEAST_WINDOW), math.floor(size / (run.modules or 1)))
  end
  return { ofModule(hops), ofModule(requests) }
end

-- Without the phases that are not open: after an early opening they hold nodes that wait to be opened again.
local function insideOf(exec, kind)
  local inside = 0
  for at = 1, math.min(exec.front + 1, #exec.phases) do inside = inside + exec.phases[at].inside[kind] end
  return inside
end

-- How many more nodes of this kind may be inside.
local function windowRoom(exec, sizes, kind)
  return math.max(0, sizes[kind] - insideOf(exec, kind))
end

-- How many ready nodes of a phase are to be let in: none while more than half of the window is taken.
local function fillable(exec, phase, sizes, kind)
  if phase.ready[kind] == 0 or insideOf(exec, kind) > math.floor(sizes[kind] / 2) then return 0 end
  return windowRoom(exec, sizes, kind)
end

-- The phase whose ready nodes the window has room for: the last one that is open, because what it waits for is done. Nil when
-- there is none, or when nothing of the module is claimed now.
local function phaseToFill(run, exec, sizes)
  if exec.state ~= 'open' or run.state ~= 'open' or run.mark ~= '' or run.paused then return nil end
  for at = math.min(exec.front, #exec.phases - 1), 0, -1 do
    local phase = exec.phases[at + 1]
    if phase.created > phase.done + phase.dead then
      if fillable(exec, phase, sizes, 1) > 0 or fillable(exec, phase, sizes, 2) > 0 then return at end
    end
  end
  return nil
end
