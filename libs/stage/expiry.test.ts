import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { computeStep, defineModule } from '../modules/index.ts';
import { expireRuns } from './expiry.ts';
import { settleRun } from './settle.ts';

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

/** How many nodes were removed. */
async function expired(bench: StageBench, signal = new AbortController().signal): Promise<number> {
  let removed = 0;
  const onExpired = (nodes: number): void => {
    removed += nodes;
  };
  await expireRuns({ ...bench, coordinator: bench.coordinator, retentionMs: RETENTION_MS, onExpired }, signal);
  return removed;
}

describe('a run that ended long ago', () => {
  it('loses its nodes, and keeps its items and its end', async () => {
    const bench = openStageBench([work]);
    await finished(bench, 3);
    await settleRun(bench, 'run-1');
    bench.clock.advance(RETENTION_MS - 1);
    expect(await expired(bench)).toBe(0);
    bench.clock.advance(1);
    expect([await expired(bench), await expired(bench)]).toEqual([4, 0]);
    expect(await bench.coordinator.findRun('run-1')).toBeUndefined();
    expect(await bench.items()).toHaveLength(3);
    expect(await bench.store.findRun('run-1')).toMatchObject({ state: 'closed', end: { done: 4 } });
  });

  it('does not take others along that are open, closing or young', async () => {
    const bench = openStageBench([work]);
    for (const hops of [1, 2]) await finished(bench, hops);
    await bench.begin({ input: { hops: 3 } });
    bench.clock.advance(RETENTION_MS);
    await settleRun(bench, 'run-1');
    expect(await expired(bench)).toBe(0);
    bench.clock.advance(RETENTION_MS);
    expect(await expired(bench)).toBe(2);
    const states = ['run-1', 'run-2', 'run-3'].map(async (id) => (await bench.coordinator.findRun(id))?.state);
    expect(await Promise.all(states)).toEqual([undefined, 'closing', 'open']);
  });

  it('is left when the process is about to stop', async () => {
    const bench = openStageBench([work]);
    await finished(bench, 3);
    await settleRun(bench, 'run-1');
    bench.clock.advance(RETENTION_MS);
    expect(await expired(bench, AbortSignal.abort())).toBe(0);
  });
});
