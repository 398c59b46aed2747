/** Faults that end their worker: each takes the seconds of its budget. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServedModule } from '../calls/served-module.ts';
import { ends, MODULES, NAME, openPool, parse, TIMES, titleOf } from './pool.fixture.ts';
import { pooledModules } from './pooled-module.ts';
import type { WorkerPool } from './worker-pool.ts';

let pool: WorkerPool;
let module: ServedModule;

beforeAll(async () => {
  pool = await openPool();
  module = pooledModules(pool, TIMES)[0]!;
});

afterAll(() => pool.stop());

describe('E5 E6 E7: a fault of one call', () => {
  it.each([
    ['/loop', `execution.blocked: ${NAME} did not yield to its event loop for 1.5 s`, 'blocked'],
    ['/regex', `execution.blocked: ${NAME} did not yield to its event loop for 1.5 s`, 'blocked'],
    ['/microtasks', `execution.blocked: ${NAME} did not yield to its event loop for 1.5 s`, 'blocked'],
    ['/await', `execution.timeout: ${NAME} did not end within 4 s`, 'timeout'],
  ])('ends its worker, by its budget, and a fresh one goes on: %s', async (path, error, reason) => {
    ends.length = 0;
    expect(await parse(path, module)).toContain(error);
    expect(await parse('/ok', module)).toBe(titleOf('/ok'));
    expect(ends).toEqual([reason]);
  });

  it.each(['/heap', '/heap-objects', '/buffers'])(
    'ends its worker when it takes too much memory, and not the process: %s',
    async (path) => {
      ends.length = 0;
      const patient = pooledModules(pool, { timeoutMs: 25_000, blockTimeoutMs: 20_000 })[0]!;
      const error = await parse(path, patient);
      expect(error).toContain(`execution.out_of_memory: ${NAME} took more than 160 MiB of memory`);
      expect(await parse('/ok', module)).toBe(titleOf('/ok'));
      expect(ends).toEqual(['out_of_memory']);
    },
  );
});

it('E1: calls that share a worker with a faulty one are made again, and only the faulty one fails', async () => {
  const innocent = Array.from({ length: 30 }, (_, n) => `/page-${n}`);
  const guilty = ['/loop', '/timer', '/await', '/late-rejection', '/exit'];
  const paths = innocent.flatMap((path, n) => (n % 6 === 0 ? [path, guilty[n / 6]!] : [path]));
  const results = new Map(await Promise.all(paths.map(async (path) => [path, await parse(path, module)] as const)));
  expect(innocent.map((path) => results.get(path))).toEqual(innocent.map(titleOf));
  expect(guilty.map((path) => results.get(path)!.split(':')[0])).toEqual([
    'execution.blocked',
    'parse.threw',
    'execution.timeout',
    'parse.threw',
    'execution.exit',
  ]);
});

it('a module is a load error when it loops or waits, with its place', async () => {
  const modules = [{ file: join(MODULES, 'loops-on-load.ts'), settings: undefined }];
  await expect(openPool({ modules, loadTimeoutMs: 8_000 })).rejects.toMatchObject({
    code: 'module.load_timeout',
    message: expect.stringContaining('loops-on-load.ts:'),
  });
});
