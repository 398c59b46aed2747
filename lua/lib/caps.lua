-- What the caps of a run leave out. A run without caps has no `caps`; records of older releases have none.

local CAPS = { 'pages', 'items', 'depth', 'bytes' }

local function hasReached(run, cap)
  return string.find(',' .. (run.reached or '') .. ',', ',' .. cap .. ',', 1, true) ~= nil
end

-- Whether a cap was reached that leaves out nodes that exist.
local function leavesOutNodes(run)
  local reached = run.reached or ''
  return reached ~= '' and reached ~= 'depth'
end

-- Whether a cap leaves out nodes of this step: all when no item may come any more, else those that lead to requests.
local function stops(run, exec, kind, step)
  if not leavesOutNodes(run) then return false end
  if hasReached(run, 'items') then return true end
  if kind == 'request' then return hasReached(run, 'bytes') end
  return string.find(exec.fetches or '', ';' .. step .. ';', 1, true) ~= nil
end

-- Whether a node that waits is to be left out; one that was re-opened by hand never is. What was downloaded already counts, and
-- is parsed.
local function isLeftOut(run, exec, n)
  if n.reopened == 1 then return false end
  if n.state == 'fetched' then return hasReached(run, 'items') end
  return (n.state == 'pending' or n.state == 'retry') and stops(run, exec, n.kind, n.step)
end
