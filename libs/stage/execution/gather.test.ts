import { describe, expect, it } from 'vitest';
import { inlineModule } from '../../calls/inline-module.ts';
import type { Chunk, RunContext, ServedModule } from '../../calls/served-module.ts';
import { YIELD_LIMITS } from '../../calls/yield-budget.ts';
import { StageCode } from '../../coordination/protocol/commits.ts';
import type { ChainNode, NodeSeed } from '../../coordination/protocol/node.ts';
import type { CodeOf } from '../../coordination/protocol/outcome.ts';
import type { Emission, Emissions, ModuleDefinition } from '../../modules/contract/definition.ts';
import { gather, LeaseLost } from './gather.ts';
import type { Lease } from './lease.ts';

const hop = (n: number): Emission => ({ kind: 'hop', step: 0, state: { n }, key: undefined });
const item = (n: number): Emission => ({ kind: 'item', type: 'row', data: { n } });

function* hops(count: number): Generator<Emission> {
  for (let n = 0; n < count; n++) yield hop(n);
}

const run: RunContext = {
  runId: 'r',
  account: 'a',
  platform: 'p',
  acceptedAtMs: undefined,
  deadlineAtMs: undefined,
  input: {},
};
const node = { id: 'parent', token: 't', kind: 'request', stepIdx: 0, phase: 0, epoch: 0, body: '{"state":{}}' };
const lease = { node: { ...node, prefixRequest: '' } as ChainNode, signal: new AbortController().signal } as Lease;
const call = { fn: 'parse', run, node: lease.node, signal: lease.signal, page: {} as never } as const;

/** A module whose parse emits what it is given. */
const emitting = (emissions: Emissions): ModuleDefinition => ({
  id: 'm@1.0.0',
  name: 'm',
  version: '1.0.0',
  steps: [
    { name: 'a', kind: 'fetch', phase: 0, identity: 'state', policy: {}, givesUp: false, checkState: (state) => state },
  ],
  phases: [{ steps: [0], join: { kind: 'settle' }, share: undefined }],
  itemTypes: ['row'],
  checkInput: (input) => input,
  start: () => [],
  request: () => [],
  parse: () => emissions,
  compute: () => [],
});

const nOf = ({ body }: NodeSeed) => (JSON.parse(body) as { state: { n: number } }).state.n;

/** A coordinator that notes the batches it stages. */
function staging(code: CodeOf<typeof StageCode> = StageCode.STAGED) {
  const batches: number[][] = [];
  return {
    batches,
    stageChildren: async ({ token, children }: { token: string; children: readonly NodeSeed[] }) => {
      expect(token).toBe('t');
      batches.push(children.map(nOf));
      return code;
    },
  };
}

async function gathered(
  emissions: Emissions,
  { maxYields = 10_000, code = StageCode.STAGED as CodeOf<typeof StageCode> } = {},
) {
  const coordinator = staging(code);
  const module = inlineModule(emitting(emissions), { ...YIELD_LIMITS, maxYieldsPerParse: maxYields });
  const yielded = await gather(module, call, { lease, coordinator });
  const { batches } = coordinator;
  return { ...yielded, batches: batches.map(({ length }) => length), stagedIds: batches.flat() };
}

describe('what is gathered', () => {
  it('is items, hops and drops, each in its order', async () => {
    const drop: Emission = { kind: 'drop', reason: 'no price', data: { sku: 'x' } };
    const { items, children, drops, staged } = await gathered([hop(2), item(1), drop, item(2), hop(1)]);
    expect(items).toEqual([1, 2].map((n) => ({ type: 'row', data: `{"n":${n}}` })));
    expect(children.map(nOf)).toEqual([2, 1]);
    expect(drops).toBe(1);
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

describe('what a call sends in several chunks', () => {
  const chunk = (chunk: Partial<Chunk>): Chunk => ({
    ...{ seeds: [], hops: [], items: [], drops: [], tooDeep: 0, charged: undefined, limits: [] },
    ...chunk,
  });
  const seeds = (count: number): NodeSeed[] =>
    Array.from({ length: count }, (_, n) => ({ id: `${n}`, body: `{"state":{"n":${n}}}` }) as NodeSeed);
  const sending = (send: ServedModule['call']) => ({ call: send });

  it('is charged once, in one sum, also when the call fails', async () => {
    const charges: number[] = [];
    const failing = sending(async (_call, sink) => {
      await sink.take(chunk({ charged: 1 }));
      await sink.take(chunk({ charged: 0.5 }));
      throw new Error('late');
    });
    const onCharged = (amount: number) => void charges.push(amount);
    await expect(gather(failing, call, { lease, coordinator: staging(), onCharged })).rejects.toThrow('late');
    expect(charges).toEqual([1.5]);
  });

  it('is void when the call begins again', async () => {
    const charges: number[] = [];
    const again = sending(async (_call, sink) => {
      await sink.take(chunk({ seeds: seeds(3), items: [{ type: 'row', data: '1' }], charged: 7 }));
      sink.restart();
      await sink.take(chunk({ seeds: seeds(2), items: [{ type: 'row', data: '2' }] }));
    });
    const onCharged = (amount: number) => void charges.push(amount);
    const yielded = await gather(again, call, { lease, coordinator: staging(), onCharged });
    expect([yielded.children.length, yielded.items, charges]).toEqual([2, [{ type: 'row', data: '2' }], []]);
  });

  it('gives the node up when staged children would be those of two executions', async () => {
    const again = sending(async (_call, sink) => {
      await sink.take(chunk({ seeds: seeds(500) }));
      sink.restart();
    });
    await expect(gather(again, call, { lease, coordinator: staging() })).rejects.toBeInstanceOf(LeaseLost);
  });

  it('is staged in full commits, however large a chunk is', async () => {
    const coordinator = staging();
    const large = sending(async (_call, sink) => void (await sink.take(chunk({ seeds: seeds(1_100) }))));
    expect(await gather(large, call, { lease, coordinator })).toMatchObject({ staged: 1_100, children: [] });
    expect(coordinator.batches.map(({ length }) => length)).toEqual([500, 500, 100]);
  });
});
