import type { Bus } from '../../libs/bus/port.ts';
import type { BodyMemory } from '../../libs/limits/body-memory.ts';
import type { Budgets } from '../../libs/limits/budgets.ts';
import type { PageSource } from '../../libs/modules/contract/definition.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { Yield } from '../../libs/stage/execution/gather.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';

/** Dependencies of the parser stage. */
export interface ParserDeps {
  readonly config: ParserConfig;
  readonly execution: ExecutionDeps;
  readonly bus: Bus;
  readonly blobs: BlobStore;
  /** The memory for bodies of this process. */
  readonly bodyMemory: BodyMemory;
  readonly budgets: Pick<Budgets, 'settle'>;
  /** Records pages and their parse results for tests; undefined when nothing is recorded. */
  readonly recorder: PageRecorder | undefined;
}

/** Settings of the parser. */
export interface ParserConfig {
  /** Parses at the same time. */
  readonly parserConcurrency: number;
  readonly backpressureRetryDelayMs: number;
  /** Executions of a request, unless its step sets another number. */
  readonly retry: { readonly attempts: number };
}

/** A page and the result of its parse. */
export interface RecordedParse {
  readonly moduleId: string;
  readonly nodeId: string;
  readonly stepIdx: number;
  readonly input: unknown;
  readonly state: unknown;
  readonly page: PageSource;
  readonly yielded: Pick<Yield, 'items' | 'children'>;
}

/** Records parses for offline tests. */
export interface PageRecorder {
  record(parse: RecordedParse): Promise<void>;
}
