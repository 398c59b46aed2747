import { describe, expect, it } from 'vitest';
import { StageCode } from '../../coordination/protocol/commits.ts';
import type { ChainNode, NodeSeed } from '../../coordination/protocol/node.ts';
import type { CodeOf } from '../../coordination/protocol/outcome.ts';
import type { Emission } from '../../modules/contract/definition.ts';
import type { Lease } from './lease.ts';
import { gather, LeaseLost } from './yield.ts';
import { startBudget, stepBudget } from './yield-budget.ts';

const hop = (n: number): Emission => ({ kind: 'hop', step: 0, state: { n }, key: undefined });
const item = (n: number): Emission => ({ kind: 'item', type: 'row', data: { n } });

function* hops(count: number): Generator<Emission> {
  for (let n = 0; n < count; n++) yield hop(n);
}

async function gathered(
  emissions: Iterable<Emission | Promise<Emission>> | AsyncIterable<Emission>,
  { maxYields = 10_000, maxChars = 1_000_000, code = StageCode.STAGED as CodeOf<typeof StageCode> } = {},
) {
  const staged: string[][] = [];
  const lease = { node: { id: 'parent', token: 't' } as ChainNode } as Lease;
  const yielded = await gather(emissions, {
    lease,
    budget: stepBudget({ maxYieldsPerParse: maxYields, maxYieldCharsPerParse: maxChars }),
    toSeed: (made) => {
      if (made.kind === 'fail') return { id: 'fail', body: '' } as NodeSeed;
      return { id: `hop-${(made.state as { n: number }).n}`, body: JSON.stringify(made.state) } as NodeSeed;
    },
    coordinator: {
      stageChildren: async ({ token, children }) => {
        expect(token).toBe('t');
        staged.push(children.map(({ id }) => id));
        return code;
      },
    },
  });
  return { ...yielded, staged: yielded.staged, batches: staged.map((batch) => batch.length), stagedIds: staged.flat() };
}

describe('what is gathered', () => {
  it('is items, hops and drops, each in its order', async () => {
    const drop: Emission = { kind: 'drop', reason: 'no price', data: { sku: 'x' } };
    const { items, children, drops, staged } = await gathered([hop(2), item(1), drop, item(2), hop(1)]);
    expect(items).toEqual([1, 2].map((n) => ({ type: 'row', data: `{"n":${n}}` })));
    expect(children.map(({ id }) => id)).toEqual(['hop-2', 'hop-1']);
    expect(drops).toEqual([{ reason: 'no price', data: { sku: 'x' } }]);
    expect(staged).toBe(0);
  });

  it('is the same from promises and from an async generator', async () => {
    async function* slowly() {
      yield item(1);
      yield hop(1);
    }
    const direct = await gathered([item(1), hop(1)]);
    expect(await gathered([Promise.resolve(item(1)), hop(1)])).toEqual(direct);
    expect(await gathered(slowly())).toEqual(direct);
  });

  it('counts the same hop once', async () => {
    expect((await gathered([hop(1), hop(1), hop(2)])).children).toHaveLength(2);
  });
});

describe('hops beyond a commit', () => {
  it.each([
    [499, []],
    [501, [500, 1]],
    [1_250, [500, 500, 250]],
  ])('(%i of them) are staged in batches', async (count, batches) => {
    const yielded = await gathered(hops(count));
    expect(yielded.batches).toEqual(batches);
    expect([yielded.staged, yielded.children.length]).toEqual(batches.length > 0 ? [count, 0] : [0, count]);
  });

  it('are not staged twice', async () => {
    const yielded = await gathered([...hops(600), ...hops(700)]);
    expect([yielded.staged, new Set(yielded.stagedIds).size, yielded.stagedIds.length]).toEqual([700, 700, 700]);
  });

  it('are staged while an async generator goes on', async () => {
    let batchesMeanwhile = 0;
    async function* slowly() {
      for (const emission of hops(600)) yield emission;
      batchesMeanwhile += 1;
      yield hop(600);
    }
    expect((await gathered(slowly())).batches).toEqual([500, 101]);
    expect(batchesMeanwhile).toBe(1);
  });

  it('whose node was taken over end the execution', async () => {
    await expect(gathered(hops(600), { code: StageCode.FENCING_REJECT })).rejects.toBeInstanceOf(LeaseLost);
  });
});

describe('what ends the gathering', () => {
  it('is more yields than the cap, of any kind', async () => {
    expect((await gathered([item(1), hop(1), item(2)], { maxYields: 3 })).items).toHaveLength(2);
    function* endless(): Generator<Emission> {
      for (let n = 0; ; n++) yield n % 2 === 0 ? hop(0) : item(n);
    }
    await expect(gathered(endless(), { maxYields: 50 })).rejects.toMatchObject({
      code: 'parse.too_many_yields',
      class: 'fatal',
    });
  });

  const drop: Emission = { kind: 'drop', reason: 'sold out', data: null };
  const charge: Emission = { kind: 'charge', amount: 1 };

  it.each<[string, Emission]>([
    ['the same hop', hop(0)],
    ['an item', item(1)],
    ['a drop', drop],
    ['a charge', charge],
  ])('is ten million yields of %s, which are never made', async (_name, emission) => {
    let made = 0;
    function* tenMillion(): Generator<Emission> {
      for (; made < 10_000_000; made += 1) yield emission;
    }
    await expect(gathered(tenMillion(), { maxYields: 200 })).rejects.toMatchObject({ code: 'parse.too_many_yields' });
    expect(made).toBe(200);
  });

  it('is more JSON than the cap, of any kind', async () => {
    const long = 'x'.repeat(400);
    const item400: Emission = { kind: 'item', type: 'row', data: long };
    const drop400: Emission = { kind: 'drop', reason: 'long', data: long };
    const hop400: Emission = { kind: 'hop', step: 0, state: long, key: undefined };
    for (const emission of [item400, drop400, hop400]) {
      await expect(gathered([emission, emission], { maxChars: 1_000 })).resolves.toBeDefined();
      await expect(gathered([emission, emission, emission], { maxChars: 1_000 })).rejects.toMatchObject({
        code: 'parse.yields_too_large',
        class: 'fatal',
        remedy: expect.stringContaining('max_yield_chars_per_parse'),
      });
    }
  });

  it('is one item that is too large for a row', async () => {
    await expect(gathered([{ kind: 'item', type: 'page', data: 'x'.repeat(1_100_000) }])).rejects.toMatchObject({
      code: 'module.item_too_large',
      class: 'fatal',
      data: { type: 'page' },
    });
  });

  it('of a start is named by its own setting', () => {
    const { setting, maxChars } = startBudget(5);
    expect([setting, maxChars]).toEqual(['max_yields_per_start', Number.POSITIVE_INFINITY]);
  });

  it('is a retry, with its reason and its time', async () => {
    const retry: Emission = { kind: 'retry', reason: 'still loading', afterMs: 70 };
    const expected = { code: 'parse.retry', class: 'retryable', message: 'still loading' };
    await expect(gathered([item(1), retry])).rejects.toMatchObject({ ...expected, retryAfterMs: 70 });
    await expect(gathered([{ ...retry, afterMs: undefined }])).rejects.toMatchObject({ retryAfterMs: undefined });
  });

  it('closes the generator, so that its `finally` runs', async () => {
    let closed = false;
    function* guarded(): Generator<Emission> {
      try {
        yield* hops(10);
      } finally {
        closed = true;
      }
    }
    await expect(gathered(guarded(), { maxYields: 3 })).rejects.toThrow();
    expect(closed).toBe(true);
  });
});
