import { describe, expect, it } from 'vitest';
import { METRICS } from './metric-names.ts';
import { Metrics } from './metrics.ts';

/** The sample lines of one metric, without its header. */
function samples(metrics: Metrics, name: string): string[] {
  return metrics
    .expose()
    .split('\n')
    .filter((line) => line.startsWith(name));
}

describe('metrics', () => {
  it('count, under the labels that were resolved once', () => {
    const metrics = new Metrics();
    const executed = metrics.counter(METRICS.ptmClaim).with({ result: 'EXECUTE' });
    executed.add();
    executed.add(2);
    metrics.counter(METRICS.ptmClaim).with({ result: 'EXECUTE' }).add();
    metrics.counter(METRICS.ptmClaim).with({ result: 'PAUSED' }).add();
    expect(samples(metrics, 'ptm_claim_total')).toEqual([
      'ptm_claim_total{result="EXECUTE"} 4',
      'ptm_claim_total{result="PAUSED"} 1',
    ]);
    expect(executed.value).toBe(4);
    expect(metrics.total(METRICS.ptmClaim)).toBe(5);
  });

  it('gauge what was set, and what is read at the scrape', () => {
    const metrics = new Metrics();
    const depth = metrics.gauge(METRICS.stageInFlight).with({ stage: 'parser' });
    depth.set(3);
    depth.add(-1);
    let waiting = 1;
    metrics.gauge(METRICS.stageQueueDepth).sample({ stage: 'parser' }, () => waiting);
    waiting = 7;
    expect(samples(metrics, 'stage_in_flight')).toEqual(['stage_in_flight{stage="parser"} 2']);
    expect(samples(metrics, 'stage_queue_depth')).toEqual(['stage_queue_depth{stage="parser"} 7']);
    metrics.gauge(METRICS.stageQueueDepth).sample({ stage: 'parser' }, () => 0);
    expect(metrics.total(METRICS.stageQueueDepth)).toBe(0);
  });

  it('spread values over cumulated buckets whose bounds belong to them', () => {
    const metrics = new Metrics();
    const latency = metrics.histogram(METRICS.scriptLatencyMs).with({ script: 'ptm_claim' });
    for (const value of [0.05, 0.1, 0.2, 60_000, 60_001]) latency.observe(value);
    const lines = samples(metrics, 'script_latency_ms');
    expect(lines.slice(0, 3)).toEqual([
      'script_latency_ms_bucket{script="ptm_claim",le="0.1"} 2',
      'script_latency_ms_bucket{script="ptm_claim",le="0.25"} 3',
      'script_latency_ms_bucket{script="ptm_claim",le="0.5"} 3',
    ]);
    expect(lines.slice(-4)).toEqual([
      'script_latency_ms_bucket{script="ptm_claim",le="60000"} 4',
      'script_latency_ms_bucket{script="ptm_claim",le="+Inf"} 5',
      'script_latency_ms_sum{script="ptm_claim"} 120001.35',
      'script_latency_ms_count{script="ptm_claim"} 5',
    ]);
    expect(metrics.total(METRICS.scriptLatencyMs)).toBe(5);
  });

  it('show metrics without labels from the start, so that an alert has something to look at', () => {
    expect(samples(new Metrics(), 'ptm_zombie_recover_total')).toEqual(['ptm_zombie_recover_total 0']);
  });

  it('escape labels and write numbers as Prometheus reads them', () => {
    const metrics = new Metrics();
    const hostile = metrics.gauge(METRICS.runsByState).with({ state: 'a"b\\c\nd' });
    hostile.set(Number.NaN);
    metrics.gauge(METRICS.runsByState).with({ state: 'x' }).set(Number.NEGATIVE_INFINITY);
    expect(samples(metrics, 'runs_by_state')).toEqual([
      'runs_by_state{state="a\\"b\\\\c\\nd"} NaN',
      'runs_by_state{state="x"} -Inf',
    ]);
  });

  it('keep apart labels that only look alike when joined', () => {
    const metrics = new Metrics();
    metrics.counter(METRICS.scriptCode).with({ script: 'a","b', code: 'c' }).add();
    metrics.counter(METRICS.scriptCode).with({ script: 'a', code: 'b","c' }).add();
    expect(samples(metrics, 'script_code_total')).toHaveLength(2);
  });

  it('refuse labels that are not defined, and one kind for another, before they run', () => {
    const metrics = new Metrics();
    // @ts-expect-error: a counter is no gauge
    metrics.gauge(METRICS.ptmClaim);
    // @ts-expect-error: the label is missing
    metrics.counter(METRICS.ptmClaim).with({});
    // @ts-expect-error: there is no such label
    metrics.counter(METRICS.ptmClaim).with({ result: 'EXECUTE', host: 'h' });
  });

  it('give the same series whatever the order of its labels', () => {
    const metrics = new Metrics();
    metrics.counter(METRICS.scriptCode).with({ script: 's', code: 'c' }).add();
    metrics.counter(METRICS.scriptCode).with({ code: 'c', script: 's' }).add();
    expect(samples(metrics, 'script_code_total')).toEqual(['script_code_total{script="s",code="c"} 2']);
  });
});

describe('metric names', () => {
  it('have every name that the contract lists', () => {
    const names = Object.values(METRICS).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'task_ingress_total',
        'task_ingress_failed_total',
        'module_step_generate_total',
        'module_step_generate_failed_total',
        'parser_success_total',
        'parser_failed_total',
        'error_task_emitted_total',
        'error_task_retry_total',
        'error_task_terminated_total',
        'fallback_gate_hit_total',
        'fallback_gate_block_total',
        'advance_gate_win_total',
        'advance_gate_lost_total',
        'ptm_claim_total',
        'ptm_commit_total',
        'ptm_processing_duration_ms',
        'ptm_zombie_recover_total',
        'ptm_processing_age_ms',
        'ptm_reorder_buffer_size',
        'state_expired_total',
        'request_publish_backpressure_total',
        'parser_chain_backpressure_total',
        'download_response_backpressure_total',
        'script_latency_ms',
        'script_code_total',
        'redis_error_total',
        'due_oldest_overdue_ms',
      ]),
    );
  });

  it('follow the conventions: counters end in _total, times in _ms, all described', () => {
    for (const { name, kind, help } of Object.values(METRICS)) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(name.endsWith('_total'), name).toBe(kind === 'counter');
      if (kind === 'histogram') expect(name).toMatch(/_ms$/);
      expect(help, name).toMatch(/^[A-Z].*\.$/);
    }
  });
});
