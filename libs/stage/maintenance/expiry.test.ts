import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cookieStoreOf } from '../../../test/fixtures/fake-ports.ts';
import { openStageBench, type StageBench } from '../../../test/fixtures/stage-bench.ts';
import { computeStep, defineModule } from '../../modules/index.ts';
import { closeRun } from '../run/close-run.ts';
import { type ExpiryDeps, expireRuns, type Retention } from './expiry.ts';

const RETENTION_MS = 60_000;

const work = defineModule({
  name: 'work',
  version: '1.0.0',
  input: z.object({ hops: z.number() }),
  steps: { piece: computeStep(z.object({ n: z.number() })) },
  items: { piece: z.object({ n: z.number() }) },
}).implement({
  *start({ go, input }) {
    for (let n = 0; n < input.hops; n++) yield go.piece({ n });
  },
  steps: {
    piece: {
      *run({ put, state }) {
        yield put.piece(state);
      },
    },
  },
});

async function finished(bench: StageBench, hops: number): Promise<void> {
  for (const hop of await bench.begin({ input: { hops } })) await bench.generate(hop);
}

const ONLY_AGE: Retention = { nodesMs: RETENTION_MS, nodes: 0, runsMs: 0 };

/** How many nodes were removed. */
async function expired(
  bench: StageBench,
  signal = new AbortController().signal,
  retention: Retention = ONLY_AGE,
  said: string[] = [],
): Promise<number> {
  let removed = 0;
  const onExpired = (nodes: number): void => {
    removed += nodes;
  };
  const onDelete: ExpiryDeps['onDelete'] = (what, atMost, why) => said.push(`${atMost} ${what} by ${why}`);
  const { coordinator } = bench;
  await expireRuns(
    { ...bench, coordinator, cookieStore: cookieStoreOf(bench), retention, onExpired, onDelete },
    signal,
  );
  return removed;
}

describe('a run that ended long ago', () => {
  it('loses the cookies that came after its end', async () => {
    const bench = openStageBench([work]);
    await finished(bench, 1);
    const runId = (await bench.store.listRuns({ limit: 1 }))[0]!.runId;
    await closeRun(bench, runId);
    const session = { runId, session: 'a' };
    await cookieStoreOf(bench).write(session, new Map([['d;/;late', '{}']]));
    bench.clock.advance(RETENTION_MS + 1);
    await expired(bench);
    expect(await cookieStoreOf(bench).read(session, '')).toBeUndefined();
  });

  it('loses its nodes, and keeps its items and its end', async () => {
    const bench = openStageBench([work]);
    await finished(bench, 3);
    await closeRun(bench, 'run-1');
    bench.clock.advance(RETENTION_MS - 1);
    expect(await expired(bench)).toBe(0);
    bench.clock.advance(1);
    expect([await expired(bench), await expired(bench)]).toEqual([4, 0]);
    expect(await bench.coordinator.findRun('run-1')).toBeUndefined();
    expect(await bench.items()).toHaveLength(3);
    expect(await bench.store.findRun('run-1')).toMatchObject({ state: 'closed', end: { done: 4 } });
  });

  it('has cost nothing any more, as far as anybody keeps an account of it; its end says what it did', async () => {
    const bench = openStageBench([work]);
    await finished(bench, 1);
    const payment = { scope: 'run-1', entry: 'a', attempt: '0', amount: 7 };
    await bench.budgets.reserve({ ...payment, cap: undefined });
    await bench.budgets.settle({ ...payment, amount: 5 });
    await closeRun(bench, 'run-1');
    bench.clock.advance(RETENTION_MS);
    await expired(bench);
    expect(await bench.budgets.read('run-1')).toEqual({ spent: 0, reserved: 0 });
    expect(await bench.store.findRun('run-1')).toMatchObject({ end: { cost: { spent: 5, reserved: 0 } } });
  });

  it('does not take others along that are open, closing or young', async () => {
    const bench = openStageBench([work]);
    for (const hops of [1, 2]) await finished(bench, hops);
    await bench.begin({ input: { hops: 3 } });
    bench.clock.advance(RETENTION_MS);
    await closeRun(bench, 'run-1');
    expect(await expired(bench)).toBe(0);
    bench.clock.advance(RETENTION_MS);
    expect(await expired(bench)).toBe(2);
    const states = ['run-1', 'run-2', 'run-3'].map(async (id) => (await bench.coordinator.findRun(id))?.state);
    expect(await Promise.all(states)).toEqual([undefined, 'closing', 'open']);
  });

  it('K8: loses its nodes before its time when there are more than are kept, the oldest first', async () => {
    const bench = openStageBench([work]);
    for (const hops of [3, 3, 3]) await finished(bench, hops);
    for (const runId of ['run-2', 'run-1', 'run-3']) {
      await closeRun(bench, runId);
      bench.clock.advance(1);
    }
    expect(await bench.store.countKeptNodes()).toBe(12);
    const said: string[] = [];
    expect(await expired(bench, undefined, { ...ONLY_AGE, nodes: 5 }, said)).toBe(8);
    expect(said).toEqual(['3 nodes by number']);
    const states = ['run-1', 'run-2', 'run-3'].map(async (id) => (await bench.coordinator.findRun(id))?.state);
    expect(await Promise.all(states)).toEqual([undefined, undefined, 'closed']);
    expect(await bench.store.countKeptNodes()).toBe(4);
    expect(await bench.items()).toHaveLength(3);
  });

  it('K8: is deleted with its items when it is not to be kept any longer, but not before its nodes', async () => {
    const bench = openStageBench([work]);
    await finished(bench, 3);
    await closeRun(bench, 'run-1');
    const said: string[] = [];
    const short: Retention = { nodesMs: RETENTION_MS, nodes: 0, runsMs: 1 };
    bench.clock.advance(RETENTION_MS - 1);
    await expired(bench, undefined, short, said);
    expect(await bench.items()).toHaveLength(3);
    bench.clock.advance(1);
    await expired(bench, undefined, short, said);
    expect(said).toEqual(['1 nodes by age', '1 runs by age']);
    expect(await bench.store.findRun('run-1')).toBeUndefined();
  });

  it('is left when the process is about to stop', async () => {
    const bench = openStageBench([work]);
    await finished(bench, 3);
    await closeRun(bench, 'run-1');
    bench.clock.advance(RETENTION_MS);
    expect(await expired(bench, AbortSignal.abort())).toBe(0);
  });
});
