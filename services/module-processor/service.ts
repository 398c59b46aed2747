import type { Limiter } from '../../libs/limits/limiter.ts';
import { applyOutcome, NO_MESSAGE } from '../../libs/stage/execution/apply.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execution.ts';
import type { LocalStage } from '../../libs/stage/execution/outcome.ts';
import type { DownloadWork, HopWork } from '../../libs/stage/execution/work.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import type { Publisher } from '../../libs/stage/messages/publisher.ts';
import { inHandOverSpan } from '../../libs/stage/observe/stage-span.ts';
import type { Store } from '../../libs/store/port.ts';
import { isTracing } from '../../libs/telemetry/spans.ts';
import type { ModuleProcessorConfig } from './config.ts';
import { executeHeld, type GoOn, handle, type ModuleProcessorOutcome } from './handle.ts';

export interface ModuleProcessorDeps extends ExecutionDeps {
  readonly config: ModuleProcessorConfig;
  readonly store: Pick<Store, 'findRun' | 'markOpen' | 'readItems'>;
  readonly publisher: Publisher;
  readonly limiter: Limiter;
  /** The downloader, where it runs in this process. */
  readonly downloader: LocalStage<DownloadWork>;
}

/**
 * How long a dispatch goes on with the hops that follow it, in milliseconds: whoever waits for its answer, or for the process
 * to stop, waits no longer for others than this.
 */
const GO_ON_MS = 1_000;

/** The module-processor stage. It takes no messages of its own: ingress dispatches to it. */
export class ModuleProcessor {
  readonly #deps: ModuleProcessorDeps;

  constructor(deps: ModuleProcessorDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the work is committed and its bells are rung. A hop whose one child is a hop goes on with that, under the
   * claim that its commit made. Rejects when the ground it runs on did not answer.
   */
  async execute(dispatch: Dispatch): Promise<void> {
    const untilMs = this.#deps.clock.monotonic() + GO_ON_MS;
    let next: HopWork | undefined;
    const goOn: GoOn = (work) => {
      next = work;
    };
    await this.#apply(await handle(this.#deps, dispatch, goOn), next);
    while (next !== undefined) {
      const work: HopWork = next;
      next = undefined;
      const more = this.#deps.clock.monotonic() < untilMs ? goOn : undefined;
      const execute = async (): Promise<void> => this.#apply(await executeHeld(this.#deps, work, more), next);
      await (isTracing() ? inHandOverSpan('module-processor', work, execute) : execute());
    }
  }

  async #apply(outcome: ModuleProcessorOutcome, next: HopWork | undefined): Promise<void> {
    try {
      await applyOutcome('module-processor', outcome, this.#deps.publisher, NO_MESSAGE);
    } catch (thrown) {
      // Nobody will execute it here: its lease is left to run out.
      next?.lease.end();
      throw thrown;
    }
  }
}
