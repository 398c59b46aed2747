import type { Limiter } from '../../libs/limits/limiter.ts';
import { applyOutcome, NO_MESSAGE } from '../../libs/stage/apply.ts';
import type { Dispatch } from '../../libs/stage/dispatch.ts';
import type { ExecutionDeps } from '../../libs/stage/execution.ts';
import type { LocalStage } from '../../libs/stage/outcome.ts';
import type { Publisher } from '../../libs/stage/publisher.ts';
import type { DownloadWork } from '../../libs/stage/work.ts';
import type { Store } from '../../libs/store/port.ts';
import type { ModuleProcessorConfig } from './config.ts';
import { handle } from './handle.ts';

export interface ModuleProcessorDeps extends ExecutionDeps {
  readonly config: ModuleProcessorConfig;
  readonly store: Pick<Store, 'findRun' | 'markOpen' | 'readItems'>;
  readonly publisher: Publisher;
  readonly limiter: Limiter;
  /** The downloader, where it runs in this process. */
  readonly downloader: LocalStage<DownloadWork>;
}

/** The module-processor stage. It takes no messages of its own: ingress dispatches to it. */
export class ModuleProcessor {
  readonly #deps: ModuleProcessorDeps;

  constructor(deps: ModuleProcessorDeps) {
    this.#deps = deps;
  }

  /** Resolves when the work is committed and its bells are rung. Rejects when the ground it runs on did not answer. */
  async execute(dispatch: Dispatch): Promise<void> {
    const outcome = await handle(this.#deps, dispatch);
    await applyOutcome('module-processor', outcome, this.#deps.publisher, NO_MESSAGE);
  }
}
