/** What the suite of the store is given, and what it makes runs, rows and letters of. */
import type { DeadLetter, NewItem, NewRun, RunEnd, RunRecords, Store, StoredEvent } from '../../../libs/store/port.ts';

/** Where an execution stands. */
export interface ExecutionPlace {
  readonly runId: string;
  readonly nodeId: string;
  readonly moduleId?: string;
  readonly phase?: number;
  /** In which opening of the later phases it began; default 1. */
  readonly revision?: number;
}

/** A store under test, empty when it is opened. */
export interface StoreHarness {
  readonly store: Store;
  /** An execution stores items and its commit is accepted; what the node committed before is withdrawn. */
  commit(place: ExecutionPlace, items: readonly NewItem[]): Promise<void>;
  /** An execution stores items and its commit never comes. */
  abandon(place: ExecutionPlace, items: readonly NewItem[]): Promise<void>;
  close(): Promise<void>;
}

export type OpenStore = () => Promise<StoreHarness>;

/** Opens a store for one test, with these runs accepted. */
export type OpenWith = (...runs: readonly NewRun[]) => Promise<StoreHarness>;

export const END: RunEnd = { finishReason: 'completed', detail: '', endedAtMs: 9, done: 1, dead: 2, items: 3 };

export function newRun(runId: string, changes: Partial<NewRun> = {}): NewRun {
  return {
    runId,
    taskId: `task of ${runId}`,
    account: 'acme',
    platform: 'web',
    modules: ['m@1.0.0'],
    input: { query: 'ß', nested: [1, null] },
    fingerprint: `work of ${runId}`,
    metadata: { team: 'blue' },
    priority: 2,
    deadlineAtMs: undefined,
    acceptedAtMs: 1_000,
    ...changes,
  };
}

export function rows(...numbers: readonly number[]): NewItem[] {
  return numbers.map((n) => ({ type: n % 2 === 0 ? 'even' : 'odd', data: JSON.stringify({ n }) }));
}

export function letter(nodeId: string, changes: Partial<DeadLetter> = {}): DeadLetter {
  const place = { runId: 'r', moduleId: 'm@1.0.0', nodeId, stepIdx: 0, phase: 0, kind: 'request' } as const;
  return {
    ...place,
    reason: 'failed',
    epoch: 1,
    attempts: 3,
    crashes: 0,
    body: '{}',
    error: '{"code":"x"}',
    ...changes,
  };
}

export function records(deadLetters: readonly DeadLetter[] = [], events: readonly StoredEvent[] = []): RunRecords {
  return { deadLetters: stream(deadLetters), events: stream(events) };
}

export async function* stream<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
