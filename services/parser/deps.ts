import type { Bus } from '../../libs/bus/port.ts';
import type { Budgets } from '../../libs/limits/budgets.ts';
import type { PageSource } from '../../libs/modules/contract/definition.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { Yield } from '../../libs/stage/execution/yield.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';

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

/** What the parser reads of the configuration. */
export interface ParserConfig {
  /** Parses at once. */
  readonly parserConcurrency: number;
  /** A parse that yields more often than this is taken for one without an end. */
  readonly maxYieldsPerParse: number;
  readonly backpressureRetryDelayMs: number;
  /** Executions of a request, for steps that do not say otherwise. */
  readonly retry: { readonly attempts: number };
}

/** A page with what a step made of it. */
export interface RecordedParse {
  readonly moduleId: string;
  readonly nodeId: string;
  readonly stepIdx: number;
  readonly input: unknown;
  readonly state: unknown;
  readonly page: PageSource;
  readonly yielded: Pick<Yield, 'items' | 'children'>;
}

/** Keeps parses for offline tests. */
export interface PageRecorder {
  record(parse: RecordedParse): Promise<void>;
}
