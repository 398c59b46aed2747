/**
 * Every metric: its name, kind, labels and meaning. Metric names are defined only here. A label has few values: never an
 * id, a URL or a host.
 */

export interface MetricDefinition<Kind extends MetricKind = MetricKind, Label extends string = string> {
  readonly kind: Kind;
  /** The Prometheus kind. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** The upper bounds of a histogram's buckets, ascending, without the last, infinite one. */
  readonly buckets: readonly number[];
}

export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** In milliseconds, from a script (0.1) to a download (a minute). */
const LATENCY_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];

/** By the name in code: without `_total`, in camel case. */
export const METRICS = {
  taskIngress: counter('task_ingress_total', 'Inputs accepted by ingress.', ['kind']),
  taskIngressFailed: counter('task_ingress_failed_total', 'Inputs that ingress failed to dispatch.', ['kind']),
  moduleStepGenerate: counter('module_step_generate_total', 'Hops whose requests were generated.', []),
  moduleStepGenerateFailed: counter('module_step_generate_failed_total', 'Hops whose generation failed.', []),
  parserSuccess: counter('parser_success_total', 'Responses parsed and committed.', []),
  parserFailed: counter('parser_failed_total', 'Responses whose parse failed.', []),
  itemsCommitted: counter('items_committed_total', 'Items of committed parses and compute steps.', []),
  recordsDropped: counter('records_dropped_total', 'Records that a parser dropped.', []),
  errorTaskEmitted: counter('error_task_emitted_total', 'Failures recorded, one per node and epoch.', ['stage']),
  errorTaskRetry: counter('error_task_retry_total', 'Decisions to retry.', []),
  errorTaskTerminated: counter('error_task_terminated_total', 'Decisions to terminate.', ['scope']),
  tasksTerminated: counter('tasks_terminated_total', 'Named tasks that were marked: new runs of them are refused.', [
    'by',
  ]),
  fallbackGateHit: counter('fallback_gate_hit_total', 'Fallbacks that re-opened their prefix request.', []),
  fallbackGateBlock: counter('fallback_gate_block_total', 'Fallbacks refused because their gate was taken.', []),
  advanceGateWin: counter('advance_gate_win_total', 'Children that were created.', []),
  advanceGateLost: counter('advance_gate_lost_total', 'Children that existed already.', []),
  ptmClaim: counter('ptm_claim_total', 'Claims by their result code.', ['result']),
  ptmCommit: counter('ptm_commit_total', 'Commits by their result code.', ['result']),
  ptmProcessingDurationMs: histogram('ptm_processing_duration_ms', 'Time from a claim to its commit or failure.', [
    'kind',
  ]),
  ptmProcessingAgeMs: gauge('ptm_processing_age_ms', 'Age of the oldest execution in flight; 0 if there is none.', []),
  ptmZombieRecover: counter(
    'ptm_zombie_recover_total',
    'Nodes recovered after their lease expired: each counts a crash.',
    [],
  ),
  suspectsExecuted: counter(
    'suspects_executed_total',
    'Executions of suspects: nodes that lost so many leases that they are executed alone in their process.',
    [],
  ),
  suspects: gauge(
    'suspects',
    'Whether this process makes room for a suspect (`waiting`) or executes one (`alone`); it starts no other node then.',
    ['state'],
  ),
  stateLost: counter('catena_state_lost_total', 'Times that the coordinator was found to have lost writes.', []),
  audits: counter('catena_audits_total', 'Audits of all open runs that ended.', []),
  auditRepairs: counter('catena_audit_repairs_total', 'What audits found and repaired.', ['what']),
  ptmReorderBufferSize: gauge(
    'ptm_reorder_buffer_size',
    'Responses of the whole deployment in the reorder buffer, which wait for their node; processes with ingress count them.',
    [],
  ),
  stateExpired: counter('state_expired_total', 'Rows or keys deleted after their retention.', []),
  requestPublishBackpressure: counter('request_publish_backpressure_total', 'Publishes of requests that had to wait.', [
    'reason',
  ]),
  parserChainBackpressure: counter('parser_chain_backpressure_total', 'Publishes of the parser that had to wait.', [
    'queue',
    'reason',
  ]),
  downloadResponseBackpressure: counter(
    'download_response_backpressure_total',
    'Publishes of responses that had to wait.',
    ['queue', 'reason'],
  ),
  scriptLatencyMs: histogram('script_latency_ms', 'Transitions and reads of the coordinator.', ['script']),
  scriptCode: counter('script_code_total', 'Results of the coordinator’s transitions, by code.', ['script', 'code']),
  redisError: counter('redis_error_total', 'Redis commands that failed or got no response.', []),
  stageQueueDepth: gauge('stage_queue_depth', 'Messages that wait for a stage.', ['stage']),
  stageInFlight: gauge('stage_in_flight', 'Messages that a stage is handling.', ['stage']),
  dueOldestOverdueMs: gauge(
    'due_oldest_overdue_ms',
    'How late the sweepers of the whole deployment are: how long the oldest due entry has been due.',
    [],
  ),
  sweeperError: counter('sweeper_error_total', 'Rounds of the sweeper that failed; the next round continues.', []),
  downloadDurationMs: histogram('download_duration_ms', 'Requests, redirects included, by the class of their status.', [
    'outcome',
  ]),
  bodyMemoryHeldBytes: gauge(
    'body_memory_held_bytes',
    'Bytes of bodies that downloads and parses of this process hold; `http.body_memory_mb` bounds them.',
    [],
  ),
  bodyMemoryWaiting: gauge('body_memory_waiting', 'Downloads and parses that wait for memory for a body.', []),
  breakersOpen: gauge('breakers_open', 'Circuit breakers that are open, as far as this process knows.', []),
  breakersOpened: counter('breakers_opened_total', 'Circuit breakers that opened, including after a failed trial.', []),
  breakersRefused: counter('breakers_refused_total', 'Requests that were not sent because their breaker was open.', []),
  budgetExhausted: counter(
    'budget_exhausted_total',
    'Requests that were not sent because the cost cap of their run had no room.',
    [],
  ),
  limitsUnanswered: counter('limits_unanswered_total', 'Calls to shared limits that failed; no request started.', []),
  runsByState: gauge(
    'runs_by_state',
    'Runs of the whole deployment by state, at most 100,000 of each; processes with ingress count them.',
    ['state'],
  ),
  backendReady: gauge('catena_backend_ready', 'Whether a backend does its work for this process: 1 or 0.', ['backend']),
  processes: gauge('catena_processes', 'Processes that host a stage, as far as this process knows.', ['stage']),
  moduleProcesses: gauge('catena_module_processes', 'Processes that host a stage and serve a module version.', [
    'stage',
    'module',
  ]),
  processesGone: counter('catena_processes_gone_total', 'Processes whose end without a word this process noticed.', []),
  leasesTakenOver: counter('catena_leases_taken_over_total', 'Leases of such processes that were ended at once.', []),
  foreignMessages: counter('catena_foreign_messages_total', 'Messages on the chain’s subjects that were refused.', []),
  mainLoopBlockedMs: counter(
    'main_loop_blocked_ms_total',
    'Time in which the main loop did not turn for a second or longer, in milliseconds.',
    [],
  ),
  mainLoopLongestStallMs: gauge(
    'main_loop_longest_stall_ms',
    'The longest time in which the main loop did not turn.',
    [],
  ),
  workers: gauge('catena_workers', 'Worker threads that run author code.', []),
  workerCalls: gauge('catena_worker_calls', 'Calls of author code: begun in a worker, or queued for one.', ['state']),
  workerCallAgeMs: gauge('catena_worker_call_age_ms', 'Age of the oldest call in a worker; 0 if there is none.', []),
  workerMemoryBytes: gauge(
    'catena_worker_memory_bytes',
    'Heap and external memory of the workers when they were last looked at; `execution.memory_mb` bounds each.',
    [],
  ),
  workerQueueMs: histogram('catena_worker_queue_ms', 'Time that calls of author code waited for a worker.', []),
  workerCallMs: histogram('catena_worker_call_ms', 'Time that calls of author code took in their worker.', [
    'function',
  ]),
  workerBlockedMs: counter(
    'catena_worker_blocked_ms_total',
    'Time in which author code held the event loop of its worker up for a quarter of a second or longer.',
    [],
  ),
  workerEnds: counter('catena_worker_ends_total', 'Workers that were ended, or ended by themselves, and replaced.', [
    'reason',
  ]),
  deadLetters: counter(
    'catena_dead_letters_total',
    'Nodes that ended in failure: all attempts `failed`, or too many leases were lost (`crashed`).',
    ['reason'],
  ),
  costReported: counter(
    'catena_cost_reported_total',
    'Cost of requests, in the currency of the modules; a parse that is repeated reports again.',
    [],
  ),
  statusAnswers: counter(
    'catena_status_answers_total',
    'Status answers that an extension checked, by how consistent they were before they were repaired.',
    ['level'],
  ),
  limitsWaiting: gauge('catena_limits_waiting', 'Requests of this process that wait for a limit.', []),
  backendErrors: counter(
    'catena_backend_errors_total',
    'Calls to a backend that failed or got no response, and connections to it that were lost.',
    ['backend'],
  ),
  buildInfo: gauge('catena_build_info', 'The release of Catena and of Node; always 1.', ['version', 'node', 'service']),
  processStartTimeSeconds: gauge('process_start_time_seconds', 'When the process started, in Unix seconds.', []),
  processCpuSeconds: counter('process_cpu_seconds_total', 'CPU time of the process, of all its threads.', []),
  processResidentMemoryBytes: gauge('process_resident_memory_bytes', 'Memory of the process.', []),
  processOpenFds: gauge('process_open_fds', 'Open files and connections; 0 where the system does not tell.', []),
  heapUsedBytes: gauge('nodejs_heap_size_used_bytes', 'Used heap of the main thread.', []),
  heapTotalBytes: gauge('nodejs_heap_size_total_bytes', 'Heap of the main thread.', []),
  externalMemoryBytes: gauge('nodejs_external_memory_bytes', 'Memory of buffers, outside of the heap.', []),
  loopLagP50Seconds: gauge(
    'nodejs_eventloop_lag_p50_seconds',
    'Delay of timers in the main loop, the median of ten seconds.',
    [],
  ),
  loopLagP99Seconds: gauge('nodejs_eventloop_lag_p99_seconds', 'The same, the 99th percentile.', []),
  loopLagMaxSeconds: gauge('nodejs_eventloop_lag_max_seconds', 'The same, the longest.', []),
  gcSeconds: counter('nodejs_gc_seconds_total', 'Time of garbage collections in the main thread.', []),
  alerts: counter('alerts_total', 'Alerts by outcome: sent, known already, or lost.', ['outcome']),
  traceSpansLost: counter('trace_spans_lost_total', 'Spans that the trace collector did not accept.', []),
} as const;

function counter<Label extends string>(name: string, help: string, labels: readonly Label[]) {
  return define('counter', name, help, labels);
}

function gauge<Label extends string>(name: string, help: string, labels: readonly Label[]) {
  return define('gauge', name, help, labels);
}

/** All histograms are latencies. */
function histogram<Label extends string>(name: string, help: string, labels: readonly Label[]) {
  return define('histogram', name, help, labels);
}

function define<Kind extends MetricKind, Label extends string>(
  kind: Kind,
  name: string,
  help: string,
  labels: readonly Label[],
): MetricDefinition<Kind, Label> {
  return { kind, name, help, labels, buckets: kind === 'histogram' ? LATENCY_MS : [] };
}
