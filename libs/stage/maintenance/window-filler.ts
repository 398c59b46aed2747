import { priorityClass } from '../../contracts/priority.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Fillable } from '../../coordination/protocol/sweep.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Publisher } from '../messages/publisher.ts';
import { childMessages } from '../messages/wake-ups.ts';
import type { Runs } from '../run/runs.ts';

export interface WindowFillerDeps {
  readonly coordinator: Pick<Coordinator, 'windowFill'>;
  readonly publisher: Publisher;
  readonly runs: Pick<Runs, 'load'>;
  readonly log: Log;
}

/** Nodes of each kind that are let in at once. */
const BATCH = 250;

/**
 * Fills the windows of modules: lets ready nodes in and sends their wake-ups, as far as the queues have room. The process whose
 * commit made room does it at once, while half of the window still has work; whatever it leaves, the sweeper does.
 */
export class WindowFiller {
  readonly #deps: WindowFillerDeps;
  /** Modules whose window is being filled. */
  readonly #filling = new Set<string>();
  #stopped = false;

  constructor(deps: WindowFillerDeps) {
    this.#deps = deps;
  }

  /** Fills in the background, once at a time for each module. A failure is logged. */
  start(scope: Fillable): void {
    const key = `${scope.runId} ${scope.moduleId}`;
    if (this.#stopped || this.#filling.has(key)) return;
    this.#filling.add(key);
    this.fill(scope)
      .catch((error: unknown) =>
        this.#deps.log.error('the window of a module could not be filled; the sweeper fills it', {
          run_id: scope.runId,
          error,
        }),
      )
      .finally(() => this.#filling.delete(key));
  }

  /** Resolves when the window has room for no more, or the queues have none. */
  async fill({ runId, moduleId, phase }: Fillable): Promise<void> {
    for (let next: number | undefined = phase; next !== undefined && !this.#stopped; ) {
      next = await this.#fillOnce({ runId, moduleId, phase: next });
    }
  }

  /** Begins no further batch. Idempotent. */
  stop(): void {
    this.#stopped = true;
  }

  /** Returns the phase that there is still room for; undefined when none of it was let in. */
  async #fillOnce(scope: Fillable): Promise<number | undefined> {
    const { coordinator, publisher, runs } = this.#deps;
    const run = await runs.load(scope.runId);
    const of = priorityClass(run.task.priority);
    const grants = [publisher.grant('ingress', BATCH, of), publisher.grant('downloader', BATCH, of)] as const;
    try {
      const [hops, requests] = [grants[0].count, grants[1].count];
      if (hops + requests === 0) return undefined;
      const { wakeUps, toFill } = await coordinator.windowFill({ ...scope, hops, requests });
      if (wakeUps.length === 0) return undefined;
      await publisher.publish('sweeper', childMessages(wakeUps, run));
      return toFill;
    } finally {
      for (const grant of grants) grant.release();
    }
  }
}
