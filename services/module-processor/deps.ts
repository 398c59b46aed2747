import type { Limiter } from '../../libs/limits/limiter.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { DownloadWork, LocalStage } from '../../libs/stage/execution/hand-over.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import type { Store } from '../../libs/store/port.ts';
import type { ModuleProcessorConfig } from './config.ts';

/** What the module-processor stage works with. */
export interface ModuleProcessorDeps {
  readonly config: ModuleProcessorConfig;
  readonly execution: ExecutionDeps;
  readonly store: Pick<Store, 'findRun' | 'markOpen' | 'readItems'>;
  readonly limiter: Limiter;
  /** The downloader, where it runs in this process. */
  readonly downloader: LocalStage<DownloadWork>;
}

export type ModuleProcessorOutcome = Outcome<'module-processor'>;

/** Takes a hop that was claimed by the commit of the one before, to be executed next. */
export type GoOn = (hop: HeldNode) => void;
