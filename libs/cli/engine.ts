/** The interface of the five stages to the command line: the composition in `services/` implements it. */

import type { Config } from '../config/config-tree.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import type { CatenaError } from '../errors/catena-error.ts';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import type { PageSource } from '../modules/contract/definition.ts';
import type { Yield } from '../stage/execution/gather.ts';
import type { DecidedFailure } from '../stage/run/decided-failure.ts';
import type { ModuleCatalogue } from '../stage/run/runs.ts';
import type { TaskSubmission } from '../stage/run/submit.ts';
import type { NewRun, RunRecord, Store } from '../store/port.ts';
import type { CallsInFlight } from '../telemetry/calls-in-flight.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** A page with what a step yielded for it. */
export interface ParsedPage {
  readonly moduleId: string;
  readonly stepIdx: number;
  /** As the hop carried it, before the step's schema transformed it. */
  readonly state: unknown;
  readonly page: PageSource;
  readonly yielded: Pick<Yield, 'items' | 'children'> & Partial<Pick<Yield, 'staged' | 'drops'>>;
}

export interface EngineOptions {
  readonly config: Config;
  readonly modules: ModuleCatalogue;
  /** The calls of author code. */
  readonly calls?: () => CallsInFlight;
  readonly log: Log;
  readonly recorder?: { record(parse: ParsedPage): Promise<void> };
  readonly onStoreFailure?: (error: CatenaError) => void;
  /** Called for every request that was sent, with its host, its duration, and its status or `failed`. */
  readonly onDownload?: (host: string, durationMs: number, outcome: string) => void;
  /** Called for every failure, when it is decided. */
  readonly onFailure?: (failure: DecidedFailure) => void;
  /** Which unfinished runs in the database this process executes; the others wait. Default: all. */
  readonly serves?: (run: RunRecord) => boolean;
}

export interface Engine {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly limiter: Pick<RateLimiter, 'snapshot'>;
  /** Executions under way. */
  readonly inFlight: number;
  /** Rejects with `module.contract_changed` when open runs were begun with another contract of a module. */
  admit(): Promise<void>;
  submit(task: TaskSubmission): Promise<NewRun>;
  findSame(task: TaskSubmission): Promise<RunRecord | undefined>;
  progress(runId: string): Promise<RunSnapshot | undefined>;
  /** Ends an unfinished run for good; its items stay. */
  cancel(runId: string): Promise<void>;
  /** Resolves when the run is closed. */
  closed(runId: string): Promise<void>;
  /** Accepts no more work and waits for the nodes in execution; the database stays open. Idempotent. */
  quiesce(): Promise<void>;
  /** {@link quiesce}, then closes everything. Idempotent. */
  stop(): Promise<void>;
}

/** Opens the database and starts the stages. Throws `store.…`. */
export type StartEngine = (options: EngineOptions) => Engine;
