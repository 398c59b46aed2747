import type { Limiter } from '../../libs/limits/limiter.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { DownloadWork, LocalStage } from '../../libs/stage/execution/hand-over.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import type { Store } from '../../libs/store/port.ts';

/** Dependencies of the module-processor stage. */
export interface ModuleProcessorDeps {
  readonly execution: ExecutionDeps;
  readonly store: Pick<Store, 'findRun' | 'markOpen' | 'readItems' | 'listPartials'>;
  readonly limiter: Limiter;
  /** The downloader, if it runs in this process. */
  readonly downloader: LocalStage<DownloadWork>;
}

export type ModuleProcessorOutcome = Outcome<'module-processor'>;

/** Receives a hop that its parent's commit has claimed, to execute it next. */
export type RunNext = (hop: HeldNode) => void;
