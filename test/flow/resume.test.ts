/** A run goes on in the next process where the last one stopped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { computeStep, defineModule } from '../../libs/modules/index.ts';
import type { RunningNode } from '../../services/running-node.ts';
import { ended, itemsOf, run, startNode, submit } from '../fixtures/flow.ts';

/** A tree of hops that takes a while, so that a stop hits it in the middle. */
const tree = defineModule({
  name: 'tree',
  version: '1.0.0',
  input: z.object({ branches: z.number().default(20), leaves: z.number().default(30) }),
  steps: {
    branch: computeStep(z.object({ b: z.number() })),
    leaf: computeStep(z.object({ b: z.number(), l: z.number() })),
    sum: computeStep(),
  },
  items: { leaf: z.object({ b: z.number(), l: z.number() }), sum: z.object({ leaves: z.number() }) },
  phases: [['branch', 'leaf'], ['sum']],
}).implement({
  *start({ go, input }) {
    for (let b = 0; b < input.branches; b++) yield go.branch({ b });
  },
  steps: {
    branch: {
      *run({ go, input, state }) {
        for (let l = 0; l < input.leaves; l++) yield go.leaf({ b: state.b, l });
      },
    },
    leaf: {
      async *run({ put, state }) {
        yield put.leaf(state);
        await new Promise((resolve) => setTimeout(resolve, 2));
      },
    },
    sum: {
      async *run({ items, put }) {
        let leaves = 0;
        for await (const _ of items('leaf')) leaves += 1;
        yield put.sum({ leaves });
      },
    },
  },
});

function scratchFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'catena-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'a.db');
}

async function undisturbed(): Promise<readonly unknown[]> {
  return (await run(startNode([tree]), tree)).items;
}

async function itemsReach(node: RunningNode, runId: string, count: number): Promise<void> {
  await vi.waitFor(async () => expect(await node.store.countItems(runId)).toBeGreaterThan(count), { interval: 2 });
}

it('a stop in the middle leaves a run that the next start ends with exactly the same items', async () => {
  const path = scratchFile();
  const first = startNode([tree], { 'store.path': path });
  const runId = await submit(first, tree);
  await itemsReach(first, runId, 50);
  await first.stop();

  const second = startNode([tree], { 'store.path': path });
  const kept = await itemsOf(second, runId);
  expect(kept.length).toBeGreaterThan(50);
  expect(kept.length).toBeLessThan(600);
  const { end, items } = await ended(second, runId);
  expect(end).toMatchObject({ finishReason: 'completed', done: 622, dead: 0, items: 601 });
  expect(items).toEqual(await undisturbed());
  expect(items).toContainEqual({ leaves: 600 });
});

it('so do many stops', async () => {
  const path = scratchFile();
  let node = startNode([tree], { 'store.path': path });
  const runId = await submit(node, tree);
  for (const count of [1, 100, 200, 300, 400, 500]) {
    await itemsReach(node, runId, count);
    await node.stop();
    node = startNode([tree], { 'store.path': path });
  }
  const { items } = await ended(node, runId);
  expect(items).toEqual(await undisturbed());
});

it('a task that was accepted and never opened is opened by the next start', async () => {
  const path = scratchFile();
  const first = startNode(
    [tree],
    { 'store.path': path },
    { wrapBus: (bus) => Object.assign(bus, { publish: async () => true }) },
  );
  const runId = await submit(first, tree);
  await first.stop();
  const second = startNode([tree], { 'store.path': path });
  expect((await ended(second, runId)).end).toMatchObject({ finishReason: 'completed', items: 601 });
});

it('an ended run stays ended, and is found as the same work', async () => {
  const path = scratchFile();
  const first = startNode([tree], { 'store.path': path });
  const done = await run(first, tree, { branches: 1 });
  await first.stop();
  const second = startNode([tree], { 'store.path': path });
  const task = { modules: [tree.id], input: { branches: 1 }, account: 'acme', platform: 'web' };
  expect(await second.findSame(task)).toMatchObject({ runId: done.runId, state: 'closed', end: done.end });
  await second.closed(done.runId);
  expect(await itemsOf(second, done.runId)).toEqual(done.items);
});

it('a run whose module is not loaded is left as it is, and others go on beside it', async () => {
  const path = scratchFile();
  const other = defineModule({
    name: 'other',
    version: '1.0.0',
    input: z.object({}),
    steps: { one: computeStep() },
  }).implement({
    *start({ go }) {
      yield go.one();
    },
    steps: { one: { *run() {} } },
  });
  const first = startNode([tree], { 'store.path': path });
  const runId = await submit(first, tree);
  await itemsReach(first, runId, 10);
  await first.stop();

  const second = startNode([other], { 'store.path': path });
  expect((await run(second, other)).end).toMatchObject({ finishReason: 'completed', done: 2 });
  expect(await second.progress(runId)).toMatchObject({ state: 'open', modules: [{ state: 'open', errors: 0 }] });
  await second.stop();

  const third = startNode([tree], { 'store.path': path });
  const { items, end } = await ended(third, runId);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  expect(items).toEqual(await undisturbed());
});

it('a second node on the same file is refused, and the first goes on', async () => {
  const path = scratchFile();
  const first = startNode([tree], { 'store.path': path });
  const runId = await submit(first, tree);
  expect(() => startNode([tree], { 'store.path': path })).toThrow(expect.objectContaining({ code: 'store.locked' }));
  expect((await ended(first, runId)).end).toMatchObject({ finishReason: 'completed' });
});

it('stopping may be done twice, and before anything was done', async () => {
  const node = startNode([tree]);
  await Promise.all([node.stop(), node.stop()]);
  await node.stop();
});
