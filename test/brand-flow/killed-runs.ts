/** A diagnosis in processes that die, seen from outside: at the provider, at the cited pages, and in the database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { CallItem } from '../../libs/brand/module/items.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import type { RunRecord, StoredItem } from '../../libs/store/port.ts';
import { openSqliteStore } from '../../libs/store/sqlite/index.ts';
import { scratchDatabase } from '../fixtures/single-mode.ts';
import { type CitedPages, startPages } from './pages.ts';
import type { Behaviour, ProviderCall, TestProvider } from './provider.ts';
import { provider } from './scene.ts';

export interface KilledRun {
  readonly provider: TestProvider;
  readonly pages: CitedPages;
  /**
   * A process that begins the run or goes on with it; `death` says where it kills itself (`step:point:pass`), `earlyAtMs` when the early
   * report begins: by default later than the run needs.
   */
  start(death?: string, earlyAtMs?: number): ChildProcess;
  /** What stands in the database while no process works at it. */
  stored(): Promise<{ readonly run: RunRecord; readonly items: readonly StoredItem[] }>;
}

/** What a process tells: how many calls are stored and which report stands, and at last how many there are and were answered. */
export interface Line {
  readonly stored?: number;
  /** Of the report; 0 without one. */
  readonly revision?: number;
  readonly completed?: number;
  readonly total?: number;
}

const NO_EARLY_REPORT_MS = 3_600_000;

/** A run that nobody has begun; everything of it is gone when the test ends. */
export async function killedRun(behave: (call: ProviderCall) => Behaviour): Promise<KilledRun> {
  const path = scratchDatabase();
  const asked = await provider(behave);
  const pages = await startPages('海澜鞋业 与 云步 的对比');
  onTestFinished(() => pages.stop());
  return {
    provider: asked,
    pages,
    start: (death, earlyAtMs = NO_EARLY_REPORT_MS) => {
      const program = new URL('./diagnosis-process.ts', import.meta.url).pathname;
      const args = [
        program,
        path,
        asked.baseUrl,
        pages.origin,
        String(earlyAtMs),
        ...(death === undefined ? [] : [death]),
      ];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    },
    stored: async () => {
      const db = new SqliteDatabase({ path });
      try {
        const store = openSqliteStore(db);
        const [run] = await store.listRuns({ limit: 1 });
        if (run === undefined) throw new Error('no run stands in the database');
        return { run, items: await store.readItems({ runId: run.runId, afterSeq: 0, limit: 10_000 }) };
      } finally {
        db.close();
      }
    },
  };
}

/** The first line of a process that is waited for. Throws when it ends without it. */
export async function lineWhere(child: ChildProcess, holds: (line: Line) => boolean): Promise<Line> {
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as Line;
    if (holds(line)) return line;
  }
  throw new Error('the process ended before it said what was waited for');
}

/** A run of these takes a second or two, on a busy machine ten times as long. */
const PATIENCE_MS = 90_000;

/** How a process ended: the signal, or its exit code. Throws what it told last when it does not end. */
export async function endOf(child: ChildProcess): Promise<NodeJS.Signals | number | null> {
  let told = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    told = chunk.toString();
  });
  let isStuck = false;
  const waiting = setTimeout(() => {
    isStuck = true;
    child.kill('SIGKILL');
  }, PATIENCE_MS);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(waiting);
  if (isStuck) throw new Error(`the process did not end within ${PATIENCE_MS} ms; it said last: ${told}`);
  return signal ?? code;
}

export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** How often each call was made: by model and question. */
export function timesAsked({ calls }: TestProvider): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { model, question } of calls) {
    const key = callOf(model, question);
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return times;
}

/** The answered calls among items, as {@link timesAsked} calls them. */
export function answeredCalls(items: readonly StoredItem[]): string[] {
  return dataOf<CallItem>(items, 'call')
    .filter(({ status }) => status === 'whole')
    .map(({ model, question }) => callOf(`${model}-test`, question));
}

export function dataOf<T>(items: readonly StoredItem[], type: string): T[] {
  return items.filter((item) => item.type === type).map(({ data }) => JSON.parse(data) as T);
}

function callOf(model: string, question: string): string {
  return `${model}: ${question}`;
}
