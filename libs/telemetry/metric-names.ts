/**
 * Every metric: its name, kind, labels and meaning, and nowhere else one is spelled. A label takes few values, never an
 * id, a URL or a host.
 */

export interface MetricDefinition<Kind extends MetricKind = MetricKind, Label extends string = string> {
  readonly kind: Kind;
  /** As Prometheus sees it. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** Upper bounds of a histogram's buckets, ascending; the last, infinite one is implied. */
  readonly buckets: readonly number[];
}

export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** Milliseconds, from a script of a tenth to a download of a minute. */
const LATENCY_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];

/** By the name that code uses: without `_total`, in camel case. */
export const METRICS = {
  taskIngress: counter('task_ingress_total', 'Inputs taken by ingress.', ['kind']),
  taskIngressFailed: counter('task_ingress_failed_total', 'Inputs that ingress could not pass on.', ['kind']),
  moduleStepGenerate: counter('module_step_generate_total', 'Hops whose requests were generated.', []),
  moduleStepGenerateFailed: counter('module_step_generate_failed_total', 'Hops whose generation failed.', []),
  parserSuccess: counter('parser_success_total', 'Responses parsed and committed.', []),
  parserFailed: counter('parser_failed_total', 'Responses whose parse failed.', []),
  itemsCommitted: counter('items_committed_total', 'Items of committed parses and compute steps.', []),
  recordsDropped: counter('records_dropped_total', 'Records that a parser left out, with its reason.', []),
  errorTaskEmitted: counter('error_task_emitted_total', 'Failures recorded, one per node and epoch.', ['stage']),
  errorTaskRetry: counter('error_task_retry_total', 'Decisions to retry.', []),
  errorTaskTerminated: counter('error_task_terminated_total', 'Decisions to terminate.', ['scope']),
  fallbackGateHit: counter('fallback_gate_hit_total', 'Fallbacks that re-opened their prefix request.', []),
  fallbackGateBlock: counter('fallback_gate_block_total', 'Fallbacks refused because their gate was taken.', []),
  advanceGateWin: counter('advance_gate_win_total', 'Children that came into being.', []),
  advanceGateLost: counter('advance_gate_lost_total', 'Children that were there already.', []),
  ptmClaim: counter('ptm_claim_total', 'Claims by their answer.', ['result']),
  ptmCommit: counter('ptm_commit_total', 'Commits by their answer.', ['result']),
  ptmProcessingDurationMs: histogram('ptm_processing_duration_ms', 'From a claim to its commit or failure.', ['kind']),
  ptmProcessingAgeMs: gauge('ptm_processing_age_ms', 'Age of the oldest execution in flight; 0 without one.', []),
  ptmZombieRecover: counter('ptm_zombie_recover_total', 'Nodes taken back after their lease ran out.', []),
  ptmReorderBufferSize: gauge('ptm_reorder_buffer_size', 'Responses that wait for their node.', []),
  stateExpired: counter('state_expired_total', 'Rows or keys removed after their retention.', []),
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
  scriptCode: counter('script_code_total', 'Answers of the coordinator’s transitions.', ['script', 'code']),
  redisError: counter('redis_error_total', 'Commands that Redis refused or did not answer.', []),
  stageQueueDepth: gauge('stage_queue_depth', 'Messages that wait for a stage.', ['stage']),
  stageInFlight: gauge('stage_in_flight', 'Messages that a stage is working on.', ['stage']),
  dueOldestOverdueMs: gauge(
    'due_oldest_overdue_ms',
    'How late the sweeper is: age of the oldest entry that stands due.',
    [],
  ),
  sweeperError: counter('sweeper_error_total', 'NextRound of the sweeper that failed; the next one goes on.', []),
  downloadDurationMs: histogram('download_duration_ms', 'Requests, redirects included, by the class of their status.', [
    'outcome',
  ]),
  breakersOpen: gauge('breakers_open', 'Circuit breakers that are open, as this process last heard of them.', []),
  breakersOpened: counter('breakers_opened_total', 'Circuit breakers that opened, after a failed trial too.', []),
  breakersRefused: counter('breakers_refused_total', 'Requests that were not sent because their breaker was open.', []),
  budgetExhausted: counter(
    'budget_exhausted_total',
    'Requests that were not sent because the cost cap of their run had no room for them.',
    [],
  ),
  limitsUnanswered: counter(
    'limits_unanswered_total',
    'Questions for a shared limit without an answer: nothing started.',
    [],
  ),
  runsByState: gauge('runs_by_state', 'Runs by state.', ['state']),
  alerts: counter('alerts_total', 'Alerts by what became of them: sent, known already, or lost.', ['outcome']),
  traceSpansLost: counter('trace_spans_lost_total', 'Spans that the collector of traces did not take.', []),
} as const;

function counter<Label extends string>(name: string, help: string, labels: readonly Label[]) {
  return define('counter', name, help, labels);
}

function gauge<Label extends string>(name: string, help: string, labels: readonly Label[]) {
  return define('gauge', name, help, labels);
}

/** All histograms are of latencies. */
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
