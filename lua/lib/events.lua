-- Appends events to the run's timeline, and to the shard's outbox, from which they go to the bus.

local EVENT_VERSIONS = {
  TaskAccepted = 1, ParserTaskProduced = 1, ErrorTaskProduced = 1, ModuleStepAdvanced = 1, ModuleStepFallback = 1,
  PhaseClosed = 1, ModuleCompleted = 1, RunCompleted = 1, TaskTerminatedByThreshold = 1, DeadLettered = 1,
}

-- to: { timeline, outbox, now, runId, taskId }. `subject` and `epoch` make the id; callers record an event once per
-- transition.
local function emit(to, type, subject, epoch, about, data)
  local text = cjson.encode({
    id = subject .. ':' .. epoch .. ':' .. type, type = type, version = EVENT_VERSIONS[type], runId = to.runId,
    taskId = to.taskId, moduleId = about.moduleId or '', nodeId = about.nodeId or '', epoch = epoch, atMs = to.now,
    data = data,
  })
  local seq = redis.call('RPUSH', to.timeline, text)
  -- Ordered by time, and within a millisecond by call.
  redis.call('ZADD', to.outbox, to.now * 1000 + seq % 1000, text)
end

local function recordedFailure(text)
  local isJson, record = pcall(cjson.decode, text)
  local function field(name)
    local found = isJson and type(record) == 'table' and record[name]
    return type(found) == 'string' and found or ''
  end
  return field('stage'), field('code'), field('class')
end

-- What the events of a failure say about its node. A node that crashed may have an earlier failure, which did not end it.
local function failureData(taskId, n, reason)
  local data = { taskId = taskId, stepIdx = n.step, prefixRequest = n.prefix, attempt = n.attempts }
  if reason == 'crashed' then
    local code = n.crashes > 2 and 'execution.ends_process' or 'execution.leases_lost'
    data.stage, data.code, data.class = 'sweeper', code, 'fatal'
  else
    data.stage, data.code, data.class = recordedFailure(n.error)
  end
  return data
end

-- Records an event that occurs once per step of a module.
local function emitOfStep(to, type, exec, step)
  emit(to, type, to.runId .. ':' .. exec.id .. ':' .. step, 0, { moduleId = exec.id }, { moduleId = exec.id, stepIdx = step })
end
