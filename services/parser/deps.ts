import type { Bus } from '../../libs/bus/port.ts';
import type { Budgets } from '../../libs/limits/budgets.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';
import type { ParserConfig } from './config.ts';
import type { PageRecorder } from './record.ts';

/** What the parser stage works with. */
export interface ParserDeps {
  readonly config: ParserConfig;
  readonly execution: ExecutionDeps;
  readonly bus: Bus;
  readonly blobs: BlobStore;
  readonly budgets: Pick<Budgets, 'settle'>;
  /** Keeps pages and what was made of them, for tests; undefined when nothing is recorded. */
  readonly recorder: PageRecorder | undefined;
}
