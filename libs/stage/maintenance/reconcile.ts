/** Finds accepted and open runs that the coordinator does not know, and sends the messages that open them. */
import type { Bus } from '../../bus/port.ts';
import { FairQueue } from '../../concurrency/fair-queue.ts';
import { RecentMap } from '../../concurrency/recent-map.ts';
import { CLASS_WEIGHT, PRIORITY_CLASSES, type PriorityClass, priorityClass } from '../../contracts/priority.ts';
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

/** Runs that are read at once. */
const PAGE = 1_000;
/** A message that was sent may wait in a queue for so long before another is sent. */
const SENT_MS = 60_000;
/** Whoever accepted a run has sent its message; only a run that still waits after this is looked at. */
const GRACE_MS = 5_000;

/**
 * Sends the messages of runs that were accepted but never opened, because their message was lost or the queue was full, and of
 * open runs that the coordinator lost with its last writes. Opening is idempotent, so an extra message does no harm.
 */
export class Reconciler {
  readonly #deps: ReconcileDeps;
  /** When the message of a run was sent from here last. */
  readonly #sent = new RecentMap<string, number>(10 * PAGE);
  /** The waiting run of each class behind which the next round goes on. */
  readonly #waitingAfter = new Map<PriorityClass, string>();
  #fromStartAtMs: number | undefined;
  /** The open run behind which the next round goes on. */
  #openAfter: string | undefined;

  constructor(deps: ReconcileDeps) {
    this.#deps = deps;
  }

  /**
   * Opens runs that wait: the oldest of each class first, and the classes by their weights, until the queue is full. The next call goes
   * on behind them; from time to time one begins with the oldest again, for a message may be lost.
   */
  async openWaiting(signal: AbortSignal): Promise<void> {
    await this.#expire(signal);
    const nowMs = this.#deps.now();
    const isFirst = this.#fromStartAtMs === undefined;
    if (nowMs - (this.#fromStartAtMs ?? Number.NEGATIVE_INFINITY) >= SENT_MS) {
      this.#fromStartAtMs = nowMs;
      this.#waitingAfter.clear();
    }
    // What is found at the start of a process may have waited for that.
    const acceptedBeforeMs = isFirst ? Number.MAX_SAFE_INTEGER : nowMs - GRACE_MS;
    const waiting = new FairQueue<RunRecord>();
    for (const of of PRIORITY_CLASSES) await this.#readWaiting(waiting, of, acceptedBeforeMs);
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      if (signal.aborted || !(await this.#open(run))) return;
      const of = priorityClass(run.priority);
      this.#waitingAfter.set(of, run.runId);
      if (waiting.sizeOf(of) === 0) await this.#readWaiting(waiting, of, acceptedBeforeMs);
    }
  }

  /** Opens again what the coordinator has lost, of some of the open runs; the next call goes on behind them. */
  async reopenLost(signal: AbortSignal): Promise<void> {
    const after = this.#openAfter === undefined ? {} : { after: this.#openAfter };
    const runs = await this.#deps.store.listRuns({ limit: PAGE, state: 'open', oldestFirst: true, ...after });
    this.#openAfter = runs.length < PAGE ? undefined : runs.at(-1)!.runId;
    for (const run of runs) if (signal.aborted || !(await this.#open(run))) return;
  }

  /** A class takes its turns as one run does in a queue. */
  async #readWaiting(waiting: FairQueue<RunRecord>, of: PriorityClass, acceptedBeforeMs: number): Promise<void> {
    const after = this.#waitingAfter.get(of);
    const runs = await this.#deps.store.listRuns({
      ...{ limit: PAGE, state: 'accepted', priorityClass: of, oldestFirst: true, acceptedBeforeMs },
      ...(after === undefined ? {} : { after }),
    });
    for (const run of runs) waiting.push(run, { weight: CLASS_WEIGHT[of], account: '', runId: of });
  }

  /** Time first: a deadline holds for a run that was never opened too. */
  async #expire(signal: AbortSignal): Promise<void> {
    const { store, coordinator, expireRun, now } = this.#deps;
    const query = { limit: PAGE, state: 'accepted', deadlineBeforeMs: now(), oldestFirst: true } as const;
    for (const run of await store.listRuns(query)) {
      if (signal.aborted) return;
      if (!this.#isServed(run)) continue;
      if ((await coordinator.findRun(run.runId)) === undefined) await expireRun(run.runId);
    }
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
