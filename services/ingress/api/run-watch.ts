/** Reads watched runs: once per run and interval, for any number of watchers. */
import { setTimeout as delay } from 'node:timers/promises';
import { unlessAborted } from '../../../libs/concurrency/abort.ts';
import { Run, RunState } from '../../../libs/contracts/services.ts';
import type { RunSnapshot } from '../../../libs/coordination/protocol/reads.ts';
import type { IngressApiDeps } from './deps.ts';
import { findRun } from './find-run.ts';
import { toRun } from './run-view.ts';

/** Counting the items of a large run is slow: it takes at most one part in so many of the time. */
const COUNT_SHARE = 20;

/** The input never changes, and may be large. */
const NO_INPUT = Buffer.alloc(0);

interface Watched {
  watchers: number;
  /** The next read, which all watchers wait for. */
  look: Promise<Run> | undefined;
  items: number;
  nextCountAtMs: number;
}

export class RunScene {
  readonly #deps: IngressApiDeps;
  readonly #watched = new Map<string, Watched>();

  constructor(deps: IngressApiDeps) {
    this.#deps = deps;
  }

  /** Runs that are being watched. */
  get size(): number {
    return this.#watched.size;
  }

  /**
   * Yields the run now, and again after each change, until it is closed or the signal aborts. A slow reader misses states in
   * between, never the last one. Throws `api.unknown_run`.
   */
  async *follow(runId: string, signal: AbortSignal): AsyncGenerator<Run, void> {
    const watched = this.#enter(runId);
    try {
      let run = await this.#read(runId, watched);
      let shown = bytesOf(run);
      yield run;
      while (run.state !== RunState.CLOSED) {
        watched.look ??= this.#look(runId, watched);
        run = await unlessAborted(watched.look, signal);
        const bytes = bytesOf(run);
        if (bytes.equals(shown)) continue;
        shown = bytes;
        yield run;
      }
    } finally {
      this.#leave(runId, watched);
    }
  }

  #enter(runId: string): Watched {
    const watched = this.#watched.get(runId) ?? { watchers: 0, look: undefined, items: 0, nextCountAtMs: 0 };
    this.#watched.set(runId, watched);
    watched.watchers += 1;
    return watched;
  }

  #leave(runId: string, watched: Watched): void {
    watched.watchers -= 1;
    if (watched.watchers === 0) this.#watched.delete(runId);
  }

  async #look(runId: string, watched: Watched): Promise<Run> {
    try {
      await delay(this.#deps.pollIntervalMs, undefined, { ref: false });
      return await this.#read(runId, watched);
    } finally {
      watched.look = undefined;
    }
  }

  /** The record is read last, so a closed run has its end. */
  async #read(runId: string, watched: Watched): Promise<Run> {
    const { store, coordinator, budgets } = this.#deps;
    const snapshot = await coordinator.findRun(runId);
    if (snapshot !== undefined) await this.#count(snapshot, watched);
    const cost = await budgets.read(runId);
    const record = await findRun(store, runId);
    const run = toRun(record, snapshot, record.state === 'closed' ? undefined : { items: watched.items, cost });
    return { ...run, input: NO_INPUT };
  }

  async #count({ runId }: RunSnapshot, watched: Watched): Promise<void> {
    const { clock, store } = this.#deps;
    const startMs = clock.monotonic();
    if (startMs < watched.nextCountAtMs) return;
    watched.items = await store.countItems(runId);
    const endMs = clock.monotonic();
    watched.nextCountAtMs = endMs + (endMs - startMs) * COUNT_SHARE;
  }
}

function bytesOf(run: Run): Buffer {
  return Buffer.from(Run.encode(run).finish());
}
