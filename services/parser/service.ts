import type { Bus } from '../../libs/bus/port.ts';
import type { Budgets } from '../../libs/limits/budgets.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execution.ts';
import { StageRunner } from '../../libs/stage/execution/runner.ts';
import type { ParseWork } from '../../libs/stage/execution/work.ts';
import type { Publisher } from '../../libs/stage/messages/publisher.ts';
import type { Runs } from '../../libs/stage/run/runs.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';
import type { ParserConfig } from './config.ts';
import { handle, parseLeased } from './handle.ts';
import type { PageRecorder } from './record.ts';

export interface ParserDeps extends ExecutionDeps {
  readonly config: ParserConfig;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly runs: Runs;
  readonly blobs: BlobStore;
  readonly budgets: Pick<Budgets, 'settle'>;
  /** Keeps pages and what was made of them, for tests; undefined when nothing is recorded. */
  readonly recorder: PageRecorder | undefined;
}

export type ParserRunner = StageRunner<'parser', ParseWork>;

/** The parser stage: turns responses into items and next hops. */
export function createParser(deps: ParserDeps): ParserRunner {
  const { config, bus, publisher } = deps;
  return new StageRunner<'parser', ParseWork>({
    stage: 'parser',
    bus,
    publisher,
    concurrency: config.parserConcurrency,
    handle: (message) => handle(deps, message),
    handleLocal: (work) => parseLeased(deps, work),
    retryDelayMs: config.backpressureRetryDelayMs,
    onError: (error) => deps.log.error('the parser could not work', { error }),
  });
}
