import type { Limiter } from '../../libs/limits/limiter.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { DownloadWork, LocalStage } from '../../libs/stage/execution/hand-over.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import type { Store } from '../../libs/store/port.ts';

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

/** What the module-processor reads of the configuration. */
export interface ModuleProcessorConfig {
  /** A compute step, or a request generator, that yields more often than this is taken for one without an end. */
  readonly maxYieldsPerParse: number;
}
