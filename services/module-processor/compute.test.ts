import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../libs/contracts/chain.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { computeStep, defineModule } from '../../libs/modules/index.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { messagesOf, only } from '../../test/fixtures/outcomes.ts';
import { openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';

const number = z.object({ n: z.number() });

/** Phase 0 makes numbers, of which some fail; phase 1 sums what there is. */
const sums = defineModule({
  name: 'sums',
  version: '1.0.0',
  input: z.object({ hops: z.number().default(2), itemsPerHop: z.number().default(1), failing: z.number().default(-1) }),
  steps: { make: computeStep(number), sum: computeStep() },
  items: {
    number,
    note: z.object({ text: z.string() }),
    total: z.object({ total: z.number(), rows: z.number(), failed: z.array(z.string()) }),
  },
  phases: [['make'], ['sum']],
}).implement({
  *start({ go, input }) {
    for (let n = 0; n < input.hops; n++) yield go.make({ n });
  },
  steps: {
    make: {
      *run({ put, drop, input, state }) {
        for (let i = 0; i < input.itemsPerHop; i++) yield put.number({ n: state.n });
        yield put.note({ text: `hop ${state.n}` });
        yield drop('not a number', { given: 'x' });
        if (state.n === input.failing) throw new Error('cannot count');
      },
    },
    sum: {
      async *run({ items, failures, put }) {
        let total = 0;
        let rows = 0;
        for await (const { n } of items('number')) total += n;
        for await (const _ of items()) rows += 1;
        const failed: string[] = [];
        for await (const { step, reason, code } of failures()) failed.push(`${step} ${reason} ${code}`);
        yield put.total({ total, rows, failed });
      },
    },
  },
});

/** Executes hops and what follows from them, failures decided as final. */
async function executeAll(bench: StageBench, hops: readonly Message<'parser_task'>[]): Promise<void> {
  for (const hop of hops) {
    const outcome = await bench.generate(hop);
    if (outcome.kind === 'fail') {
      const { model } = outcome.error;
      const fatal: Message<'error'> = { kind: 'error', model: { ...model, error: { ...model.error!, class: 2 } } };
      await executeAll(bench, messagesOf(await bench.decide(fatal), 'parser_task'));
    } else {
      await executeAll(bench, messagesOf(outcome, 'parser_task'));
    }
  }
}

const totalOf = async (bench: StageBench) => (await bench.items()).at(-1);

describe('a compute step', () => {
  it('commits its items with its node, and counts what it dropped', async () => {
    const bench = openStageBench([sums]);
    const [hop] = await bench.begin();
    expect(await bench.items()).toEqual([]);
    await bench.generate(hop!);
    expect(await bench.items()).toEqual([{ n: 0 }, { text: 'hop 0' }]);
    expect(await bench.generate(hop!)).toEqual({ kind: 'skip', reason: 'DUPLICATE_DONE' });
    expect(await bench.items()).toHaveLength(2);
    expect(bench.metrics.total(METRICS.itemsCommitted)).toBe(2);
    expect(bench.metrics.total(METRICS.recordsDropped)).toBe(1);
  });

  it('leaves nothing when it throws after it yielded', async () => {
    const bench = openStageBench([sums]);
    const [hop] = await bench.begin({ input: { failing: 0 } });
    const error = only(messagesOf(await bench.generate(hop!), 'error'));
    expect(error.model.error).toMatchObject({
      code: 'compute.threw',
      message: expect.stringContaining('cannot count'),
    });
    expect(await bench.items()).toEqual([]);
    expect(bench.metrics.total(METRICS.itemsCommitted)).toBe(0);
  });

  it('leaves neither items nor node when the items cannot be stored', async () => {
    const bench = openStageBench([sums]);
    const [hop] = await bench.begin();
    vi.spyOn(bench.store, 'insertItems').mockImplementationOnce(() => {
      throw new TypeError('a broken row');
    });
    await expect(bench.generate(hop!)).rejects.toThrow('a broken row');
    expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'pending', committedToken: '', crashes: 0 });
    expect(await bench.items()).toEqual([]);
  });

  it('that yields without end is ended as a failure, except a start', async () => {
    const bench = openStageBench([sums], { maxYieldsPerParse: 10 });
    const hops = await bench.begin({ input: { hops: 11, itemsPerHop: 9 } });
    expect(hops).toHaveLength(11);
    const error = only(messagesOf(await bench.generate(hops[0]!), 'error'));
    expect(error.model.error).toMatchObject({ code: 'parse.too_many_yields' });
  });

  it.each([499, 501, 1_203])('brings %i hops into being', async (count) => {
    const bench = openStageBench([sums], { policy: { ...defaultPolicy, hopWindow: 2_000 } });
    const hops = await bench.begin({ input: { hops: count } });
    expect(hops).toHaveLength(count > 500 ? 0 : count);
    const node = bench.pumps[0];
    while (node !== undefined && (await bench.coordinator.childrenPump({ node, wakeUps: 500 })).more);
    const phase = (await bench.coordinator.findRun('run-1'))!.modules[0]!.phases[0]!;
    expect(phase).toMatchObject({ created: count + 1, open: count });
  });
});

describe('a join', () => {
  it('reads the items of the phases before, in pages, and how their nodes died', async () => {
    const bench = openStageBench([sums]);
    await executeAll(bench, await bench.begin({ input: { hops: 4, itemsPerHop: 300, failing: 2 } }));
    expect(await totalOf(bench)).toEqual({
      total: 300 * (0 + 1 + 3),
      rows: 903,
      failed: ['make failed compute.threw'],
    });
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'closing', modules: [{ state: 'done' }] });
  });

  it('starts on nothing when all before it died', async () => {
    const bench = openStageBench([sums]);
    await executeAll(bench, await bench.begin({ input: { hops: 1, failing: 0 } }));
    expect(await totalOf(bench)).toEqual({ total: 0, rows: 0, failed: ['make failed compute.threw'] });
  });

  it('sees only its own run', async () => {
    const bench = openStageBench([sums]);
    await executeAll(bench, await bench.begin({ input: { hops: 3 } }));
    const second = await bench.begin({ input: { hops: 2 } });
    await executeAll(bench, second);
    expect((await bench.items('run-2')).at(-1)).toEqual({ total: 1, rows: 4, failed: [] });
  });
});
