/** What an examination of a deployment found: one property of one server. */
export interface Finding {
  /** `Redis`, `NATS`, `PostgreSQL`, `process`. */
  readonly subject: string;
  /** The property: `persistence`, `clock`. */
  readonly property: string;
  /** What was found, as a phrase. */
  readonly found: string;
  /**
   * `error`: the chosen level is not met; `warning`: it works, but could be safer; `unknown`: it cannot be read from here;
   * `unanswered`: the server did not answer.
   */
  readonly severity: 'ok' | 'warning' | 'error' | 'unknown' | 'unanswered';
  /** What to do about it; empty when there is nothing to do. */
  readonly remedy: string;
}

/** The findings of a subject. */
export class Findings {
  readonly list: Finding[] = [];
  readonly #subject: string;

  constructor(subject: string) {
    this.#subject = subject;
  }

  add(severity: Finding['severity'], property: string, found: string, remedy = ''): void {
    this.list.push({ subject: this.#subject, property, found, severity, remedy });
  }
}

/** Judges a clock that is ahead of ours by so much; half the round trip of the question is not known. */
export function addClock(findings: Findings, aheadMs: number, uncertainMs: number): void {
  const found = `${Math.round(Math.abs(aheadMs))} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine, ± ${Math.ceil(uncertainMs)} ms`;
  const isOff = Math.abs(aheadMs) - uncertainMs > MOST_SKEW_MS;
  findings.add(isOff ? 'warning' : 'ok', 'clock', found, isOff ? 'let both machines follow the same time servers' : '');
}

/** Judges the times of some questions, in milliseconds. */
export function addLatency(findings: Findings, tookMs: readonly number[]): void {
  const sorted = [...tookMs].sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const found = `median ${median.toFixed(1)} ms, longest ${(sorted.at(-1) ?? 0).toFixed(1)} ms, of ${sorted.length} round trips`;
  const isSlow = median > SLOW_MS;
  findings.add(isSlow ? 'warning' : 'ok', 'latency', found, isSlow ? 'run it nearer to the processes' : '');
}

const MOST_SKEW_MS = 1_000;
const SLOW_MS = 20;
