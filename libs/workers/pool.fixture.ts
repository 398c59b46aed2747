/** A pool of workers with a module whose code does what no code should, and calls of it. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AuthorCall, CallSink, Chunk, RunContext, ServedModule } from '../calls/served-module.ts';
import { YIELD_LIMITS } from '../calls/yield-budget.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { Log, LogFields } from '../telemetry/log.ts';
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts';
import type { WorkerEnd } from './worker-thread.ts';

export const MODULES = join(import.meta.dirname, '../../test/fixtures/modules');
const FAULTS = join(MODULES, 'faults.ts');
/** Long enough that a worker of a busy machine is not taken to be blocked. */
export const TIMES = { timeoutMs: 4_000, blockTimeoutMs: 1_500 };
const MEMORY_MB = 160;

export const lines: { readonly level: string; readonly text: string; readonly fields: LogFields }[] = [];
export const ends: WorkerEnd[] = [];

const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (text: string, fields: LogFields = {}) => void lines.push({ level, text, fields }),
  ]),
) as unknown as Log;

export function openPool(options: Partial<WorkerPoolOptions> = {}): Promise<WorkerPool> {
  return WorkerPool.open({
    size: 2,
    modules: [{ file: FAULTS, settings: undefined }],
    limits: YIELD_LIMITS,
    memoryMb: MEMORY_MB,
    loadTimeoutMs: 20_000,
    env: { VISIBLE: 'yes' },
    log,
    observer: { ended: (reason) => void ends.push(reason), called: () => undefined, blocked: () => undefined },
    ...options,
  });
}

export const run: RunContext = {
  ...{ runId: 'run-1', account: 'a', platform: 'p', acceptedAtMs: 1, deadlineAtMs: undefined },
  input: { paths: ['/a', '/b'] },
};
export const never = new AbortController().signal;
export const node = {
  id: 'node-1',
  kind: 'request',
  phase: 0,
  stepIdx: 0,
  prefixRequest: '',
  epoch: 0,
  revision: 1,
  isEarly: false,
} as const;

/** Gathers chunks, and starts again when it is told to. */
export function gatherer() {
  const chunks: Chunk[] = [];
  let restarts = 0;
  const sink: CallSink = {
    take: (chunk) => void chunks.push(chunk),
    restart: () => {
      chunks.length = 0;
      restarts += 1;
    },
  };
  return { sink, chunks, restarts: () => restarts, items: () => chunks.flatMap(({ items }) => items) };
}

export function parseCall(path: string, signal = never): AuthorCall & { readonly fn: 'parse' } {
  const body = Buffer.from(`<title>${path}</title>`);
  const page = { url: `http://shop.test${path}`, status: 200, headers: {}, body };
  return { fn: 'parse', run, node: { ...node, body: JSON.stringify({ state: { path } }) }, signal, page };
}

/** The data of the only item, or the error's code and message. */
export async function parse(path: string, served: ServedModule): Promise<string> {
  const { sink, items } = gatherer();
  try {
    await served.call(parseCall(path), sink);
    return items()[0]!.data;
  } catch (thrown) {
    if (!(thrown instanceof CatenaError)) throw thrown;
    const { code, message, data } = thrown;
    expect(data).toMatchObject({ module: 'faults@1.0.0', step: 'page' });
    return `${code}: ${message}`;
  }
}

export const titleOf = (path: string) => JSON.stringify({ title: `${path}${`<title>${path}</title>`.length}` });
export const NAME = 'parse of step "page" of faults@1.0.0';
