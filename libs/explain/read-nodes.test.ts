import { expect, it } from 'vitest';
import type { ChainNode } from '../coordination/protocol/node.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import type { RunRecord } from '../store/port.ts';
import { readNodes } from './read-nodes.ts';

const record = { runId: 'r', state: 'open' } as RunRecord;
const node = (id: number, state: ChainNode['state']) => ({ id: `n${id}`, state, moduleId: 'm', phase: 0 }) as ChainNode;

/** A run of so many nodes, of which those are dead; what was asked for. */
function run(size: number, dead: ReadonlySet<number>) {
  const asked = { listed: 0, due: 0 };
  const snapshot = { runId: 'r', modules: [{ phases: [{ dead: dead.size }] }] } as unknown as RunSnapshot;
  const coordinator = {
    listDue: async ({ limit }: { readonly limit: number }) => {
      asked.due += limit;
      return Array.from({ length: Math.min(limit, size) }, (_, id) => node(id, 'pending'));
    },
    listNodes: async ({ limit, after }: { readonly limit: number; readonly after?: string }) => {
      asked.listed += limit;
      const from = after === undefined ? 0 : Number(after.slice(1)) + 1;
      return Array.from({ length: Math.min(limit, size - from) }, (_, at) =>
        node(from + at, dead.has(from + at) ? 'dead' : 'done'),
      );
    },
  };
  return { asked, read: () => readNodes(coordinator, record, snapshot) };
}

it('K9: asks for as many nodes in a large run as in a small one', async () => {
  const small = run(1_000, new Set());
  const large = run(60_000, new Set());
  await small.read();
  const { open, dead, isSampled } = await large.read();
  expect(large.asked).toEqual(small.asked);
  expect([open.length, dead.length, isSampled]).toEqual([500, 0, true]);
});

it('looks for dead nodes only if there are any, as far as a bound, and says what it may have missed', async () => {
  expect(await run(300, new Set([7, 250])).read()).toMatchObject({
    dead: [{ id: 'n7' }, { id: 'n250' }],
    isSampled: false,
  });
  const far = run(60_000, new Set([59_999]));
  expect(await far.read()).toMatchObject({ dead: [], isSampled: true });
  expect(far.asked.listed).toBe(10_000);
});
