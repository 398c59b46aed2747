/** What one dispatch executes: its hop, and those that follow it one by one. */
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../libs/contracts/chain.ts';
import { computeStep, defineModule } from '../../libs/modules/index.ts';
import { openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { type HopTurns, ModuleProcessor } from './service.ts';

/** No other run waits. */
const ALONE: HopTurns = { slots: 4, othersWait: () => false };

const state = z.object({ n: z.number() });
const STEPS = 5;

/** A chain of one step after the other; `tick` is told of each. */
function chainOf(tick: (n: number) => void) {
  return defineModule({
    name: 'chain',
    version: '1.0.0',
    input: z.object({}),
    steps: { step: computeStep(state) },
    items: { end: state },
  }).implement({
    *start({ go }) {
      yield go.step({ n: 1 });
    },
    steps: {
      step: {
        *run({ state: { n }, go, put }) {
          tick(n);
          yield n < STEPS ? go.step({ n: n + 1 }) : put.end({ n });
        },
      },
    },
  });
}

/** Executes the first hop as ingress has it executed. */
async function executeFirst(bench: StageBench, [hop]: readonly Message<'parser_task'>[], turns = ALONE): Promise<void> {
  const { model } = hop!;
  const { moduleId, phase, epoch } = model.context!;
  const run = await bench.runs.load(model.task!.runId);
  const node = { runId: run.task.runId, moduleId, phase, id: model.id };
  await new ModuleProcessor(bench.moduleProcessor, turns).execute({ kind: 'hop', run, node, epoch });
}

const published = (bench: StageBench) => vi.spyOn(bench.bus, 'publish');

it('goes on with an only hop under the claim of its parent’s commit, and notifies nobody', async () => {
  const ticks: number[] = [];
  const bench = openStageBench([chainOf((n) => ticks.push(n))]);
  const first = await bench.begin();
  const claim = vi.spyOn(bench.coordinator, 'claim');
  const sent = published(bench);
  await executeFirst(bench, first);
  expect(ticks).toEqual([1, 2, 3, 4, 5]);
  expect(await bench.items()).toEqual([{ n: STEPS }]);
  expect([claim.mock.calls.length, sent.mock.calls.length]).toEqual([1, 0]);
  expect(await bench.coordinator.runAudit({ runId: 'run-1' })).toMatchObject({ drift: [] });
  expect(bench.leases.oldestSinceMs()).toBeUndefined();
});

it('opens a run and goes on with the start of its only module', async () => {
  const ticks: number[] = [];
  const bench = openStageBench([chainOf((n) => ticks.push(n))]);
  const run = await bench.accept();
  const sent = published(bench);
  await new ModuleProcessor(bench.moduleProcessor, ALONE).execute({ kind: 'start', run });
  expect([ticks, sent.mock.calls.length]).toEqual([[1, 2, 3, 4, 5], 0]);
  // The message that asked for it may come again.
  await new ModuleProcessor(bench.moduleProcessor, ALONE).execute({ kind: 'start', run });
  expect(ticks).toHaveLength(STEPS);
});

it('notifies the starts of several modules', async () => {
  const other = defineModule({
    name: 'other',
    version: '1.0.0',
    input: z.object({}),
    steps: { none: computeStep() },
  }).implement({
    async *start() {},
    steps: { none: { async *run() {} } },
  });
  const bench = openStageBench([chainOf(() => undefined), other]);
  const run = await bench.accept();
  const sent = published(bench);
  await new ModuleProcessor(bench.moduleProcessor, ALONE).execute({ kind: 'start', run });
  expect(sent.mock.calls.map(([message]) => message.kind)).toEqual(['parser_task', 'parser_task']);
});

it('lets others have their turn after a while: the next hop is notified', async () => {
  const ticks: number[] = [];
  const bench = openStageBench([
    chainOf((n) => {
      ticks.push(n);
      bench.clock.advance(400);
    }),
  ]);
  const first = await bench.begin();
  const sent = published(bench);
  await executeFirst(bench, first);
  // Begun at 0, 400, 800 and 1,200 ms; the last of them commits when the time is over.
  expect(ticks).toEqual([1, 2, 3, 4]);
  expect(sent.mock.calls.map(([message]) => message.kind)).toEqual(['parser_task']);
});

it('records the failure of a hop that it went on with', async () => {
  const bench = openStageBench([
    chainOf((n) => {
      if (n === 3) throw new Error('the third does not work');
    }),
  ]);
  const first = await bench.begin();
  const sent = published(bench);
  await executeFirst(bench, first);
  expect(sent.mock.calls.map(([message]) => message)).toMatchObject([
    { kind: 'error', model: { error: { message: expect.stringContaining('the third does not work') } } },
  ]);
  const nodes = await bench.coordinator.listNodes({ runId: 'run-1', state: 'failed', limit: 10 });
  expect(nodes).toHaveLength(1);
});

it('gives a hop up without a crash when its commit is not answered', async () => {
  const bench = openStageBench([chainOf(() => undefined)]);
  const first = await bench.begin();
  const { commitSuccess } = bench.coordinator;
  let commits = 0;
  bench.coordinator.commitSuccess = (command) => {
    commits += 1;
    return commits === 2 ? Promise.reject(new Error('gone')) : commitSuccess(command);
  };
  await expect(executeFirst(bench, first)).rejects.toThrow('gone');
  expect(bench.leases.held).toBe(0);
  const due = await bench.dueAfter(60_000);
  expect(due).toMatchObject([{ kind: 'notify', wakeUp: { epoch: 1 } }]);
  const [hop] = await bench.coordinator.listNodes({ runId: 'run-1', state: 'pending', limit: 10 });
  expect(hop).toMatchObject({ crashes: 0, attempts: 0 });
});

it('yields its slot to another run that waits, once it has its share of them', async () => {
  const ticks: number[] = [];
  const bench = openStageBench([chainOf((n) => ticks.push(n))]);
  const first = await bench.begin();
  const sent = published(bench);
  await executeFirst(bench, first, { slots: 1, othersWait: () => true });
  expect(ticks).toEqual([1]);
  expect(sent.mock.calls).toMatchObject([[{ kind: 'parser_task' }]]);
});

it('goes on beside a run that waits, while it has less than its share of the slots', async () => {
  const ticks: number[] = [];
  const bench = openStageBench([chainOf((n) => ticks.push(n))]);
  await executeFirst(bench, await bench.begin(), { slots: 2, othersWait: () => true });
  expect(ticks).toEqual([1, 2, 3, 4, 5]);
});
