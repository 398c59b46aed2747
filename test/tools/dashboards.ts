/**
 * The dashboards of `deploy/helm/catena/dashboards`, as data for the builder of Grafana's own schema. `npm run generate` writes them;
 * a test compares what is checked in, and asks a Prometheus that scrapes a live run each of their queries.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LegendDisplayMode, LegendPlacement, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export const FOLDER = join(import.meta.dirname, '../../deploy/helm/catena/dashboards');

/** A query, and the name of its lines. */
type Query = readonly [expr: string, legend: string];

interface Panel {
  readonly title: string;
  readonly about: string;
  /** A unit of Grafana: `short`, `ms`, `s`, `bytes`, `percentunit`. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

interface Dashboard {
  readonly file: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const LEGEND = new VizLegendOptionsBuilder()
  .showLegend(true)
  .displayMode(LegendDisplayMode.List)
  .placement(LegendPlacement.Bottom);

const RATE = '[$__rate_interval]';

function panel(title: string, about: string, unit: string, ...queries: readonly Query[]): Panel {
  return { title, about, unit, queries };
}

/** A quantile of a histogram by some labels, `le` besides. */
function quantile(q: number, histogram: string, by: string): Query {
  return [`histogram_quantile(${q}, sum by (le, ${by}) (rate(${histogram}_bucket${RATE})))`, `p${q * 100} {{${by}}}`];
}

const OVERVIEW: Dashboard = {
  file: 'overview.json',
  title: 'Catena: overview',
  panels: [
    panel('Runs', 'Of the whole deployment, by state.', 'short', ['max by (state) (runs_by_state)', '{{state}}']),
    panel(
      'Nodes per second',
      'Commits that took effect, and failures.',
      'short',
      [`sum(rate(ptm_commit_total{result="COMMIT_OK"}${RATE}))`, 'committed'],
      [`sum(rate(error_task_emitted_total${RATE}))`, 'failed'],
      [`sum by (reason) (rate(catena_dead_letters_total${RATE}))`, 'dead: {{reason}}'],
    ),
    panel('Items per second', 'Items of committed nodes.', 'short', [
      `sum(rate(items_committed_total${RATE}))`,
      'items',
    ]),
    panel(
      'How late the sweepers are',
      'Up to ten seconds are normal where nothing happens.',
      'ms',
      ['max(due_oldest_overdue_ms)', 'oldest due entry'],
      ['max(ptm_processing_age_ms)', 'oldest execution'],
    ),
    panel('Processes', 'By stage, as they know of each other.', 'short', [
      'max by (stage) (catena_processes)',
      '{{stage}}',
    ]),
    panel('Backends', '1: each process can use it.', 'short', [
      'min by (backend) (catena_backend_ready)',
      '{{backend}}',
    ]),
    panel('Releases', 'Processes by release.', 'short', ['count by (version) (catena_build_info)', '{{version}}']),
    panel('Memory', 'Of each process.', 'bytes', ['process_resident_memory_bytes', '{{instance}}']),
  ],
};

const RUN: Dashboard = {
  file: 'run.json',
  title: 'Catena: how runs get on',
  panels: [
    panel('Runs accepted', 'Tasks, hops and retries that ingress took.', 'short', [
      `sum by (kind) (rate(task_ingress_total${RATE}))`,
      '{{kind}}',
    ]),
    panel('Commits', 'By their answer.', 'short', [`sum by (result) (rate(ptm_commit_total${RATE}))`, '{{result}}']),
    panel('Claims', 'By their answer.', 'short', [`sum by (result) (rate(ptm_claim_total${RATE}))`, '{{result}}']),
    panel(
      'Decisions about failures',
      'Retries, fallbacks and ends.',
      'short',
      [`sum(rate(error_task_retry_total${RATE}))`, 'retry'],
      [`sum(rate(fallback_gate_hit_total${RATE}))`, 'fallback'],
      [`sum(rate(fallback_gate_block_total${RATE}))`, 'fallback refused'],
      [`sum by (scope) (rate(error_task_terminated_total${RATE}))`, 'end of {{scope}}'],
    ),
    panel('Failures by stage', 'One per node and epoch.', 'short', [
      `sum by (stage) (rate(error_task_emitted_total${RATE}))`,
      '{{stage}}',
    ]),
    panel(
      'Children',
      'Created, and not created because they existed.',
      'short',
      [`sum(rate(advance_gate_win_total${RATE}))`, 'created'],
      [`sum(rate(advance_gate_lost_total${RATE}))`, 'existed'],
    ),
    panel(
      'Time of a node',
      'From its claim to its end.',
      'ms',
      quantile(0.5, 'ptm_processing_duration_ms', 'kind'),
      quantile(0.99, 'ptm_processing_duration_ms', 'kind'),
    ),
    panel('Waiting for a limit', 'Requests that wait for their host, run or step.', 'short', [
      'sum(catena_limits_waiting)',
      'requests',
    ]),
  ],
};

const STAGES: Dashboard = {
  file: 'stages.json',
  title: 'Catena: stages',
  panels: [
    panel('Queues', 'Messages that wait, by stage.', 'short', ['max by (stage) (stage_queue_depth)', '{{stage}}']),
    panel('In flight', 'Messages in work, by stage.', 'short', ['sum by (stage) (stage_in_flight)', '{{stage}}']),
    panel(
      'Waits for room',
      'Publishes that had to wait, by queue and reason.',
      'short',
      [`sum by (queue, reason) (rate(parser_chain_backpressure_total${RATE}))`, 'parser to {{queue}}: {{reason}}'],
      [
        `sum by (queue, reason) (rate(download_response_backpressure_total${RATE}))`,
        'downloader to {{queue}}: {{reason}}',
      ],
      [`sum by (reason) (rate(request_publish_backpressure_total${RATE}))`, 'requests: {{reason}}'],
    ),
    panel('Downloads', 'By the class of their status.', 'short', [
      `sum by (outcome) (rate(download_duration_ms_count${RATE}))`,
      '{{outcome}}',
    ]),
    panel('Time of a download', 'Redirects included.', 'ms', quantile(0.95, 'download_duration_ms', 'outcome')),
    panel('Author code', 'Time of calls in their worker.', 'ms', quantile(0.95, 'catena_worker_call_ms', 'function')),
    panel('Memory of bodies', 'Held by downloads and parses.', 'bytes', ['sum(body_memory_held_bytes)', 'held']),
    panel('Main loops', 'Delay of timers, the 99th percentile.', 's', [
      'nodejs_eventloop_lag_p99_seconds',
      '{{instance}}',
    ]),
    panel('CPU', 'Cores that a process uses.', 'short', [`rate(process_cpu_seconds_total${RATE})`, '{{instance}}']),
    panel('Leases that ran out', 'Each is a crash of a node.', 'short', [
      `sum by (instance) (rate(ptm_zombie_recover_total${RATE}))`,
      '{{instance}}',
    ]),
  ],
};

const BACKENDS: Dashboard = {
  file: 'backends.json',
  title: 'Catena: backends',
  panels: [
    panel('Ready', 'Per process: 1, or 0 while it cannot use the backend.', 'short', [
      'catena_backend_ready',
      '{{backend}} {{instance}}',
    ]),
    panel(
      'Errors',
      'Calls that failed or got no answer.',
      'short',
      [`sum by (backend) (rate(catena_backend_errors_total${RATE}))`, '{{backend}}'],
      [`sum(rate(redis_error_total${RATE}))`, 'commands of Redis'],
    ),
    panel('Transitions', 'Per second, by script.', 'short', [
      `sum by (script) (rate(script_latency_ms_count${RATE}))`,
      '{{script}}',
    ]),
    panel(
      'Time of a transition',
      'The 99th percentile, by script.',
      'ms',
      quantile(0.99, 'script_latency_ms', 'script'),
    ),
    panel('Answers of transitions', 'By script and code.', 'short', [
      `sum by (script, code) (rate(script_code_total${RATE}))`,
      '{{script}} {{code}}',
    ]),
    panel('Reorder buffer', 'Responses that wait for their node.', 'short', [
      'max(ptm_reorder_buffer_size)',
      'responses',
    ]),
    panel(
      'Lost writes and repairs',
      'Of the coordinator.',
      'short',
      ['sum(catena_state_lost_total)', 'losses'],
      ['sum(catena_audits_total)', 'audits'],
      ['sum by (what) (catena_audit_repairs_total)', '{{what}}'],
    ),
    panel('Foreign messages', 'On the subjects of the chain.', 'short', [
      'sum(catena_foreign_messages_total)',
      'refused',
    ]),
  ],
};

const BRAND: Dashboard = {
  file: 'brand.json',
  title: 'Catena: brand diagnosis and its cost',
  panels: [
    panel('Cost per hour', 'In the currency of the modules.', 'short', [
      'sum(increase(catena_cost_reported_total[1h]))',
      'reported',
    ]),
    panel('Requests over their cap', 'Not sent.', 'short', [`sum(rate(budget_exhausted_total${RATE}))`, 'refused']),
    panel(
      'Breakers',
      'Models and hosts that are left alone.',
      'short',
      ['max(breakers_open)', 'open'],
      [`sum(rate(breakers_refused_total${RATE}))`, 'refused per second'],
    ),
    panel('Answers of models', 'By the class of their status.', 'short', [
      `sum by (outcome) (rate(download_duration_ms_count${RATE}))`,
      '{{outcome}}',
    ]),
    panel('Time of an answer', 'The 95th percentile.', 'ms', quantile(0.95, 'download_duration_ms', 'outcome')),
    panel('Status answers', 'By how consistent they were before they were repaired.', 'short', [
      `sum by (level) (rate(catena_status_answers_total${RATE}))`,
      '{{level}}',
    ]),
    panel('Alerts', 'By what became of them.', 'short', [
      `sum by (outcome) (rate(alerts_total${RATE}))`,
      '{{outcome}}',
    ]),
  ],
};

export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, RUN, STAGES, BACKENDS, BRAND];

/** The JSON of a dashboard, as Grafana reads it from a file. */
export function dashboardJson({ file, title, panels }: Dashboard): string {
  const builder = new DashboardBuilder(title)
    .uid(`catena-${file.replace('.json', '')}`)
    .tags(['catena'])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser');
  for (const { title: name, about, unit, queries } of panels) {
    const made = new PanelBuilder().title(name).description(about).unit(unit).min(0).span(12).height(8).legend(LEGEND);
    for (const [at, [expr, legend]] of queries.entries()) {
      made.withTarget(
        new DataqueryBuilder()
          .refId(String.fromCharCode(65 + at))
          .expr(expr)
          .legendFormat(legend),
      );
    }
    builder.withPanel(made);
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`;
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const dashboard of DASHBOARDS) writeFileSync(join(FOLDER, dashboard.file), dashboardJson(dashboard));
}
