/** Finds accepted and open runs that the coordinator does not know, and sends the messages that open them. */
import type { Bus } from '../../bus/port.ts';
import { FairQueue } from '../../concurrency/fair-queue.ts';
import { RecentMap } from '../../concurrency/recent-map.ts';
import { CLASS_WEIGHT, type PriorityClass } from '../../contracts/priority.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { RunRecord, Store } from '../../store/port.ts';
import { taskMessage } from '../run/submit.ts';
import type { Tasks } from '../run/tasks.ts';

export interface ReconcileDeps {
  readonly store: Pick<Store, 'listRuns'>;
  readonly coordinator: Pick<Coordinator, 'findRun'>;
  readonly bus: Pick<Bus, 'publish'>;
  /** Ends a run that was not opened before its deadline. */
  readonly expireRun: (runId: string) => Promise<void>;
  /** Says which tasks cool down: their runs wait with their messages, and get no others. */
  readonly tasks: Pick<Tasks, 'isCooling'>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Selects the runs to check; default all. */
  readonly serves?: ((run: RunRecord) => boolean) | undefined;
}

/** Runs of each class, and open ones, that one round checks. */
const MAX_RUNS = 1_000;
/** A message that was sent may wait in a queue for so long before another is sent. */
const SENT_MS = 60_000;
const CLASSES: readonly PriorityClass[] = ['high', 'normal', 'low'];

/**
 * Sends the messages of runs that were accepted but never opened, because their message was lost or the queue was full, and of
 * open runs that the coordinator lost with its last writes. Opening is idempotent, so an extra message does no harm. The oldest of
 * each class come first, and the classes by their weights; a round ends when the queue is full.
 */
export class Reconciler {
  readonly #deps: ReconcileDeps;
  /** When the message of a run was sent from here last. */
  readonly #sent = new RecentMap<string, number>(10 * MAX_RUNS);
  /** The open run behind which the next round goes on. */
  #openAfter: string | undefined;

  constructor(deps: ReconcileDeps) {
    this.#deps = deps;
  }

  async reconcile(signal: AbortSignal): Promise<void> {
    await this.#expire(signal);
    const waiting = new FairQueue<RunRecord>();
    for (const priorityClass of CLASSES) {
      const query = { limit: MAX_RUNS, state: 'accepted', priorityClass, oldestFirst: true } as const;
      for (const run of await this.#deps.store.listRuns(query)) {
        waiting.push(run, { weight: CLASS_WEIGHT[priorityClass], account: '', runId: priorityClass });
      }
    }
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      if (signal.aborted || !(await this.#open(run))) break;
    }
    await this.#reopen(signal);
  }

  /** Time first: a deadline holds for a run that was never opened too. */
  async #expire(signal: AbortSignal): Promise<void> {
    const { store, coordinator, expireRun, now } = this.#deps;
    const query = { limit: MAX_RUNS, state: 'accepted', deadlineBeforeMs: now(), oldestFirst: true } as const;
    for (const run of await store.listRuns(query)) {
      if (signal.aborted) return;
      if (!this.#isServed(run)) continue;
      if ((await coordinator.findRun(run.runId)) === undefined) await expireRun(run.runId);
    }
  }

  /** Looks at some of the open runs, and goes on behind them in the next round. */
  async #reopen(signal: AbortSignal): Promise<void> {
    const after = this.#openAfter === undefined ? {} : { after: this.#openAfter };
    const runs = await this.#deps.store.listRuns({ limit: MAX_RUNS, state: 'open', oldestFirst: true, ...after });
    this.#openAfter = runs.length < MAX_RUNS ? undefined : runs.at(-1)!.runId;
    for (const run of runs) if (signal.aborted || !(await this.#open(run))) return;
  }

  /** Sends the message of a run that the coordinator does not know; false when there is no room for it. */
  async #open(run: RunRecord): Promise<boolean> {
    const { coordinator, bus, tasks, now } = this.#deps;
    const { runId } = run;
    if (!this.#isServed(run) || (this.#sent.get(runId) ?? Number.NEGATIVE_INFINITY) > now() - SENT_MS) return true;
    if ((await coordinator.findRun(runId)) !== undefined) return true;
    if (await tasks.isCooling(run)) return true;
    const isSent = await bus.publish(taskMessage(run));
    if (isSent) this.#sent.set(runId, now());
    return isSent;
  }

  #isServed(run: RunRecord): boolean {
    return this.#deps.serves?.(run) !== false;
  }
}
