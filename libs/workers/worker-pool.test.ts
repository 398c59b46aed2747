import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuthorCall, CallSink, ServedModule } from '../calls/served-module.ts';
import type { LogFields } from '../telemetry/log.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { poolObserver, samplePool } from './meter-pool.ts';
import {
  ends,
  gatherer,
  lines,
  MODULES,
  NAME,
  never,
  node,
  openPool,
  parse,
  parseCall,
  run,
  TIMES,
  titleOf,
} from './pool.fixture.ts';
import { pooledModules } from './pooled-module.ts';
import type { WorkerPool } from './worker-pool.ts';

let pool: WorkerPool;
let module: ServedModule;

beforeAll(async () => {
  pool = await openPool();
  module = pooledModules(pool, TIMES)[0]!;
});

afterAll(() => pool.stop());

describe('a module in workers', () => {
  it('is described, checks inputs, and says what its steps say of a run', async () => {
    expect(module).toMatchObject({
      id: 'faults@1.0.0',
      steps: [{ name: 'page' }, { name: 'hasty' }, { name: 'add', kind: 'compute' }],
    });
    expect((await module.openRun(run)).concurrency).toEqual(new Map([[0, 7]]));
    await expect(module.checkInput({ paths: 7 })).rejects.toMatchObject({
      code: 'module.wrong_input',
      message: expect.stringContaining('paths'),
    });
  });

  it('yields the same seeds and rows as inline', async () => {
    const { sink, chunks } = gatherer();
    await module.call({ fn: 'start', run, node: { ...node, body: '{"state":{}}' }, signal: never }, sink);
    expect(chunks.flatMap(({ seeds }) => seeds).map(({ body }) => body)).toEqual([
      '{"state":{"path":"/a"}}',
      '{"state":{"path":"/b"}}',
    ]);
    expect(await parse('/ok', module)).toBe(titleOf('/ok'));
  });

  it('reads the items and failures of a join page by page', async () => {
    const { sink, items } = gatherer();
    const rows = ['a', 'bc', 'def'].map((title) => ({ type: 'page', data: JSON.stringify({ title }) }));
    await module.call(
      {
        fn: 'compute',
        run,
        node: { ...node, kind: 'hop', phase: 1, stepIdx: 2, body: '{"state":{}}' },
        signal: never,
        join: {
          items: async (_type, after) => ({ rows: rows.slice(after, after + 2), next: after === 0 ? 2 : undefined }),
          partials: async () => ({ rows: [], next: undefined }),
          failures: async () => ({
            rows: [{ step: 'page', reason: 'failed', error: '{"code":"x.y","message":"m"}', body: '{"state":{}}' }],
            next: undefined,
          }),
        },
      },
      sink,
    );
    expect(items()).toEqual([{ type: 'sum', data: `${6 + 'pagex.y'.length}` }]);
  });

  it('fails with the very error of a read', async () => {
    const failure = new Error('the store did not answer');
    const broken = async () => {
      throw failure;
    };
    const call: AuthorCall = {
      ...{ fn: 'compute', run, signal: never, join: { items: broken, failures: broken, partials: broken } },
      node: { ...node, kind: 'hop', phase: 1, stepIdx: 2, body: '{"state":{}}' },
    };
    await expect(module.call(call, gatherer().sink)).rejects.toBe(failure);
  });

  it('sends no more than its caller has taken', async () => {
    const { sink, items } = gatherer();
    let waiting = 0;
    let most = 0;
    const slow: CallSink = {
      take: async (chunk) => {
        waiting += 1;
        most = Math.max(most, waiting);
        await new Promise((resolve) => setTimeout(resolve, 1));
        await sink.take(chunk);
        waiting -= 1;
      },
      restart: () => undefined,
    };
    await expect(module.call(parseCall('/endless'), slow)).rejects.toMatchObject({ code: 'parse.too_many_yields' });
    expect(items().length).toBeGreaterThan(0);
    expect(most).toBe(1);
  });

  it('lets other calls go on between the yields of a long one', async () => {
    const order: string[] = [];
    const long = module.call(parseCall('/endless'), gatherer().sink).catch(({ code }) => order.push(code as string));
    const short = parse('/ok', module).then(() => order.push('short'));
    await Promise.all([long, short]);
    expect(order).toEqual(['short', 'parse.too_many_yields']);
  });

  it('prints into the log, with its run, module, step and URL', async () => {
    lines.length = 0;
    await parse('/print', module);
    expect(lines).toEqual([
      {
        level: 'warn',
        text: 'printed 7',
        fields: expect.objectContaining({
          ...{ run_id: 'run-1', module_id: 'faults@1.0.0', step: 'page', url: 'http://shop.test/print' },
        }) as LogFields,
      },
    ]);
  });
});

describe('E5 E6 E7: a fault of one call', () => {
  it.each([
    ['/throw', `parse.threw: ${NAME} threw Error: thrown`],
    ['/getter', `module.wrong_item: ${NAME} made a wrong item "page": the schema itself threw Error: from a getter`],
    ['/stack', `parse.threw: ${NAME} threw RangeError`],
    ['/late-rejection', `parse.threw: ${NAME} threw Error: late`],
    ['/timer', `parse.threw: ${NAME} threw Error: from a timer`],
    ['/exit', `execution.exit: ${NAME} called process.exit()`],
    ['/caught-exit', `execution.exit: ${NAME} called process.exit()`],
    ['/abort', `parse.threw: ${NAME} threw TypeError: process.abort() is not supported in workers`],
    ['/kill', `execution.exit: ${NAME} called process.kill()`],
    ['/kill-group', `execution.exit: ${NAME} called process.kill()`],
  ])('fails it by name, and its worker goes on: %s', async (path, error) => {
    ends.length = 0;
    expect(await parse(path, module)).toContain(error);
    expect(await parse('/ok', module)).toBe(titleOf('/ok'));
    expect(ends).toEqual([]);
  });
});

it('a step may set its own times', async () => {
  const call = { ...parseCall('/ok'), node: { ...node, stepIdx: 1, body: '{"state":{"path":"/ok"}}' } };
  await expect(module.call(call, gatherer().sink)).rejects.toMatchObject({
    code: 'execution.timeout',
    message: expect.stringContaining('did not end within 0.3 s'),
  });
});

it('a call that nobody waits for any more ends at once, and holds no other up', async () => {
  const leaving = new AbortController();
  const call = module.call(parseCall('/await', leaving.signal), gatherer().sink);
  setImmediate(() => leaving.abort(new Error('lease lost')));
  await expect(call).rejects.toThrow('lease lost');
  expect(await parse('/ok', module)).toBe(titleOf('/ok'));
});

it('says which calls run and wait, and counts what becomes of them', { timeout: 30_000 }, async () => {
  const seen = new Metrics();
  const one = await openPool({ size: 1, observer: poolObserver(seen) });
  samplePool(seen, one);
  const [served] = pooledModules(one, TIMES);
  expect(one.inFlight()).toEqual({ workers: 1, queued: 0, queuedMs: 0, begun: 0, oldest: [] });
  const paths = ['/regex', '/ok', '/ok', '/ok'];
  const calls = paths.map((path) => parse(path, served!));
  await vi.waitFor(
    () => {
      const { begun, queued, queuedMs, oldest } = one.inFlight();
      expect({ begun, queued }).toEqual({ begun: 1, queued: 3 });
      expect(queuedMs).toBeGreaterThan(200);
      expect(oldest).toMatchObject([
        { moduleId: 'faults@1.0.0', step: 'page', fn: 'parse', runId: 'run-1', nodeId: 'node-1' },
      ]);
      expect(oldest[0]).toMatchObject({ url: 'http://shop.test/regex', worker: expect.stringMatching(/^worker-\d+$/) });
      expect(oldest[0]!.ageMs).toBeGreaterThan(200);
      expect(oldest[0]!.budgetMs).toBe(TIMES.timeoutMs);
      expect(seen.expose()).toMatch(/catena_worker_calls\{state="queued"\} 3/);
      expect(seen.expose()).toMatch(/catena_worker_memory_bytes [1-9]/);
    },
    { timeout: 10_000, interval: 20 },
  );
  expect((await Promise.all(calls)).map((end) => end.split(':')[0])).toEqual([
    'execution.blocked',
    ...Array.from({ length: 3 }, () => titleOf('/ok').split(':')[0]),
  ]);
  expect(one.inFlight()).toMatchObject({ queued: 0, begun: 0, oldest: [] });
  expect(seen.expose()).toMatch(/catena_worker_ends_total\{reason="blocked"\} 1/);
  expect(seen.total(METRICS.workerCallMs)).toBe(3);
  expect(seen.total(METRICS.workerBlockedMs)).toBeGreaterThan(TIMES.blockTimeoutMs / 2);
  await one.stop();
});

it.runIf(process.platform === 'linux')('lets the main thread go first', () => {
  // The nice value is the 19th field; the name of the thread, in parentheses, may have blanks.
  const niceOf = (task: string) =>
    Number(
      readFileSync(`/proc/self/task/${task}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[16],
    );
  const own = niceOf(String(process.pid));
  const others = readdirSync('/proc/self/task').map(niceOf);
  expect(others.filter((nice) => nice > own).length).toBeGreaterThanOrEqual(1);
});

it('a worker that was held up for a while is used again', { timeout: 30_000 }, async () => {
  const pool = await openPool({ size: 1 });
  const [served] = pooledModules(pool, TIMES);
  for (let n = 0; n < 3; n += 1) {
    await parse('/busy', served!);
    expect(await parse('/ok', served!)).toBe(titleOf('/ok'));
  }
  await pool.stop();
});

it('a worker that is held up while none of its calls has begun is used again, or replaced', {
  timeout: 60_000,
}, async () => {
  const pool = await openPool({ size: 1 });
  const [served] = pooledModules(pool, TIMES);
  for (const path of ['/busy-later', '/loop-later', '/busy-later']) {
    await parse(path, served!);
    // Its call is over, and its timer comes before the next calls begin.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await Promise.all([parse('/a', served!), parse('/b', served!)])).toEqual([titleOf('/a'), titleOf('/b')]);
  }
  await pool.stop();
});

describe('a worker beyond the usual ones', { timeout: 30_000 }, () => {
  it('is not started while no call waits long', async () => {
    const pool = await openPool({ size: 2, usual: 1, longWaitMs: 600_000 });
    const [served] = pooledModules(pool, TIMES);
    await Promise.all(Array.from({ length: 20 }, () => parse('/ok', served!)));
    expect(pool.inFlight().workers).toBe(1);
    await pool.stop();
  });

  it('takes the calls that a blocked one holds up', async () => {
    const pool = await openPool({ size: 2, usual: 1, longWaitMs: 1 });
    const [served] = pooledModules(pool, TIMES);
    const blocked = parse('/regex', served!);
    await vi.waitFor(() => expect(pool.inFlight().begun).toBe(1), { timeout: 10_000, interval: 5 });
    expect(await Promise.race([blocked, parse('/ok', served!)])).toBe(titleOf('/ok'));
    expect(pool.inFlight().workers).toBe(2);
    await blocked;
    await pool.stop();
  });
});

it('the calls of a pool that stops are rejected', async () => {
  const other = await openPool({ size: 1 });
  const [served] = pooledModules(other, TIMES);
  const call = served!.call(parseCall('/await'), gatherer().sink);
  call.catch(() => {});
  await other.stop();
  await expect(call).rejects.toThrow('the workers were stopped');
  await expect(served!.call(parseCall('/ok'), gatherer().sink)).rejects.toThrow('the workers are stopped');
});

it('a module that is not there fails the start with its own error', async () => {
  const modules = [{ file: join(MODULES, 'absent.ts'), settings: undefined }];
  await expect(openPool({ modules })).rejects.toMatchObject({ code: 'module.not_found' });
});
