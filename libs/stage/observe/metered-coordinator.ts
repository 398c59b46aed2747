/** Measures each transition of any coordinator and counts its answers. */
import { codeName } from '../../coordination/protocol/outcome.ts';
import { type CodeTable, type Coordinator, TRANSITIONS } from '../../coordination/protocol/port.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Counter, Histogram, Metrics } from '../../telemetry/metrics.ts';
import type { CommitPort } from '../items/commit-port.ts';

export interface Transitions {
  readonly coordinator: Coordinator;
  readonly commits: CommitPort;
}

/** Wraps the transitions in meters; `now` returns a monotonic time in milliseconds. A rejected call is timed without a code. */
export function meterTransitions(
  { coordinator, commits }: Transitions,
  metrics: Metrics,
  now: () => number,
): Transitions {
  const metered: Record<string, unknown> = {};
  for (const [method, [script, codes]] of Object.entries(TRANSITIONS)) {
    const meter = new ScriptMeter(metrics, script, codes, now);
    const call = coordinator[method as keyof Coordinator].bind(coordinator) as (command: unknown) => Promise<unknown>;
    metered[method] = (command: unknown) => meter.watch(now(), call(command));
  }
  const [script, codes] = TRANSITIONS.commitSuccess;
  const meter = new ScriptMeter(metrics, script, codes, now);
  return {
    coordinator: metered as unknown as Coordinator,
    commits: { commit: (commit, items) => meter.watch(now(), commits.commit(commit, items)) },
  };
}

/** The series of one script, looked up once. */
class ScriptMeter {
  readonly #latency: Histogram;
  readonly #byCode: readonly Counter[];
  readonly #now: () => number;

  constructor(metrics: Metrics, script: string, codes: CodeTable, now: () => number) {
    this.#now = now;
    this.#latency = metrics.histogram(METRICS.scriptLatencyMs).with({ script });
    const counter = metrics.counter(METRICS.scriptCode);
    this.#byCode = Array.from({ length: Object.keys(codes).length }, (_, code) =>
      counter.with({ script, code: codeName(codes, code) }),
    );
  }

  async watch<T>(sinceMs: number, answer: Promise<T>): Promise<T> {
    try {
      const answered = await answer;
      this.#byCode[codeOf(answered)]?.add();
      return answered;
    } finally {
      this.#latency.observe(this.#now() - sinceMs);
    }
  }
}

/** The code of an answer: a transition answers its code or an object with it, a read neither. */
function codeOf(answered: unknown): number {
  if (typeof answered === 'number') return answered;
  const { code } = (answered ?? {}) as { readonly code?: unknown };
  return typeof code === 'number' ? code : -1;
}

/** Names of codes by script. */
const TABLES: ReadonlyMap<string, Readonly<Record<string, number>>> = new Map(Object.values(TRANSITIONS));

interface ScriptSeries {
  readonly latency: Histogram;
  readonly codes: Map<number, Counter>;
}

/** Counts the answers and durations of scripts; each series is looked up once. */
export function scriptMeter(metrics: Metrics): (script: string, code: number, durationMs: number) => void {
  const latency = metrics.histogram(METRICS.scriptLatencyMs);
  const answers = metrics.counter(METRICS.scriptCode);
  const known = new Map<string, ScriptSeries>();
  return (script, code, durationMs) => {
    let series = known.get(script);
    if (series === undefined) {
      series = { latency: latency.with({ script }), codes: new Map() };
      known.set(script, series);
    }
    series.latency.observe(durationMs);
    let counter = series.codes.get(code);
    if (counter === undefined) {
      counter = answers.with({ script, code: codeName(TABLES.get(script) ?? {}, code) });
      series.codes.set(code, counter);
    }
    counter.add();
  };
}
