/** What is to stay awake: Catena in one process, or as services, as its users see it. */
import { join } from 'node:path';
import type { DeadLetter, Store } from '../../libs/store/port.ts';
import type { Budgets } from './faults.ts';
import type { KeptUp } from './kept-up.ts';
import type { Asked } from './probe.ts';

export interface Target {
  readonly name: string;
  readonly processes: readonly KeptUp[];
  submit(module: string, input: unknown): Promise<string>;
  /** Whether the run is closed. Rejects when it is not told. */
  isClosed(runId: string): Promise<boolean>;
  /** What is asked all the time: the health of each process, and how this run stands. */
  asked(runId: string): readonly Asked[];
  /** Starts one more process, with a module that loops when it is loaded; resolves when it has ended. */
  startWithLoop(): Promise<{ readonly code: string; readonly ms: number }>;
  /** Ends the processes; what they left is read afterwards. Idempotent. */
  end(): Promise<void>;
  /** After {@link end}. */
  left(runId: string): Promise<Left>;
  /** Ends everything. Idempotent. */
  stop(): Promise<void>;
}

/** What a run left. */
export interface Left {
  readonly items: readonly { readonly type: string; readonly data: unknown }[];
  readonly deadLetters: readonly DeadLetter[];
  readonly done: number;
  readonly dead: number;
  /** When a node died, in Unix milliseconds, by its id. */
  readonly diedMs: ReadonlyMap<string, number>;
}

export interface TargetOptions {
  /** Undefined: the product's own budgets. */
  readonly budgets: Budgets | undefined;
  /** Worker threads of a process; undefined: as many as cores. */
  readonly workers: number | undefined;
}

const FIXTURES = join(import.meta.dirname, '../fixtures/modules');
export const FREEZE_MODULES = ['hostile-pages.ts', 'page-chains.ts', 'faults.ts'].map((name) => join(FIXTURES, name));
export const LOOPS_ON_LOAD = join(FIXTURES, 'loops-on-load.ts');
/** How long the module that loops may load, in milliseconds. */
export const LOAD_TIMEOUT_MS = 4_000;

/** Settings of all processes, as environment variables. */
export function settingsOf({ budgets, workers }: TargetOptions): Record<string, string> {
  return {
    CATENA_METRICS_LISTEN: 'http://127.0.0.1:0',
    CATENA_HTTP_DENY_PRIVATE_TARGETS: 'false',
    CATENA_ROBOTS_ENABLED: 'false',
    CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
    // What comes from one host is parsed as it comes, and no more of it is held meanwhile.
    CATENA_LIMITS_CONCURRENCY_PER_HOST: '24',
    CATENA_RETRY_BASE_DELAY_MS: '10',
    CATENA_RETRY_MAX_DELAY_MS: '50',
    CATENA_THRESHOLDS_MODULE_ERRORS: '100000',
    CATENA_THRESHOLDS_TASK_ERRORS: '100000',
    ...(workers === undefined ? {} : { CATENA_EXECUTION_WORKERS: String(workers) }),
    ...(budgets === undefined
      ? {}
      : {
          CATENA_EXECUTION_CALL_TIMEOUT_MS: String(budgets.callTimeoutMs),
          CATENA_EXECUTION_BLOCK_TIMEOUT_MS: String(budgets.blockTimeoutMs),
          CATENA_EXECUTION_MEMORY_MB: String(budgets.memoryMb),
        }),
  };
}

/** Reads what a run left from its store. */
export async function leftIn(store: Store, runId: string): Promise<Left> {
  const run = await store.findRun(runId);
  const rows = await store.readItems({ runId, afterSeq: 0, limit: 1_000_000 });
  const events = await store.listEvents(runId);
  const died = events.filter(({ type }) => type === 'DeadLettered');
  return {
    items: rows.map(({ type, data }) => ({ type, data: JSON.parse(data) as unknown })),
    deadLetters: await store.listDeadLetters(runId),
    done: run?.end?.done ?? -1,
    dead: run?.end?.dead ?? -1,
    diedMs: new Map(died.map(({ id, atMs }) => [id.slice(0, id.indexOf(':')), atMs])),
  };
}

/** Why a process ended before it was ready: the code of the error that it logged last. */
export async function loadErrorOf(start: () => Promise<{ stop(): Promise<unknown> }>) {
  const beganMs = performance.now();
  const code = await start().then(
    async (process) => {
      await process.stop();
      return 'it started';
    },
    (error: Error) => /"code":"([\w.]+)"/.exec(error.message)?.[1] ?? error.message,
  );
  return { code, ms: Math.round(performance.now() - beganMs) };
}
