/** Looks at a run at a server for kinds of failures that have not been reported yet. */
import { Rounds } from '../../concurrency/rounds.ts';
import type { Run } from '../../contracts/services.ts';
import { stepName, toFailedNode } from '../read/failed-nodes.ts';
import type { FirstFailures } from '../status/first-failures.ts';
import type { IngressCalls } from './connect.ts';
import { toDeadLetter } from './server-runs.ts';

export interface FailureWatchOptions {
  readonly calls: Pick<IngressCalls, 'explainRun' | 'listDeadLetters'>;
  readonly runId: string;
  readonly steps: readonly string[];
  readonly failures: FirstFailures;
  /** The newest status of the run; undefined before the first one. */
  readonly latest: () => Run | undefined;
  readonly nowMs: () => number;
  /** Ends the calls under way. */
  readonly signal: AbortSignal;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 2_000;
/** Of a run with more dead nodes, the others are looked at when it has ended. */
const PAGE_NODES = 100;

export class FailureWatch {
  readonly #options: FailureWatchOptions;
  readonly #rounds: Rounds;
  #deadSeen = 0;

  constructor(options: FailureWatchOptions) {
    this.#options = options;
    const intervalMs = options.intervalMs ?? INTERVAL_MS;
    // A server that does not answer is reported by those who wait for the run.
    this.#rounds = new Rounds(() => this.look().catch(() => {}), intervalMs);
    this.#rounds.start(intervalMs);
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Reports the new kinds: of nodes that wait for a retry, and of dead ones. */
  async look(): Promise<void> {
    const { calls, runId, steps, failures, latest, nowMs, signal } = this.#options;
    const { nodes, paused } = latest() ?? {};
    if (nodes === undefined || failures.isFull) return;
    if (nodes.dead > this.#deadSeen) {
      const { deadLetters } = await calls.listDeadLetters({ runId, pageSize: PAGE_NODES }, { signal });
      for (const letter of deadLetters) {
        failures.take({ ...toFailedNode(toDeadLetter(runId, letter), steps), action: 'dead' });
      }
      this.#deadSeen = nodes.dead;
    }
    if (nodes.open === 0 || paused === true) return;
    const { reasons } = await calls.explainRun({ runId }, { signal });
    for (const { failure, atMs } of reasons) {
      if (failure === undefined) continue;
      const { code, message, stepIdx } = failure;
      const retryInMs = Math.max(0, atMs - nowMs());
      failures.take({ step: stepName(steps, stepIdx), code, message, action: 'retry', retryInMs });
    }
  }
}
