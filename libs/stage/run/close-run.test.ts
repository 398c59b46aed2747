import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { messagesOf, only } from '../../../test/fixtures/outcomes.ts';
import { openStageBench, type StageBench } from '../../../test/fixtures/stage-bench.ts';
import { EVENTS } from '../../contracts/events.ts';
import { ErrorClass } from '../../contracts/messages.ts';
import type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../../coordination/protocol/reads.ts';
import { computeStep, defineModule } from '../../modules/index.ts';
import { closeRun, ENDED_BEFORE, toRunEnd } from './close-run.ts';

const work = defineModule({
  name: 'work',
  version: '1.0.0',
  input: z.object({ hops: z.number().default(2) }),
  steps: { piece: computeStep(z.object({ n: z.number() })) },
  items: { piece: z.object({ n: z.number() }) },
}).implement({
  *start({ go, input }) {
    for (let n = 0; n < input.hops; n++) yield go.piece({ n });
  },
  steps: {
    piece: {
      *run({ put, state }) {
        yield put.piece({ n: state.n });
        if (state.n === 1) throw new Error('unlucky');
      },
    },
  },
});

/** A run with one node done and one dead. */
async function ended(): Promise<StageBench> {
  const bench = openStageBench([work]);
  const [good, bad] = await bench.begin();
  await bench.generate(good!);
  const { model } = only(messagesOf(await bench.generate(bad!), 'error'));
  await bench.decide({ kind: 'error', model: { ...model, error: { ...model.error!, class: ErrorClass.FATAL } } });
  expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'closing' });
  return bench;
}

describe('settling', () => {
  it('writes the end, the dead letters and the timeline, and then closes the run', async () => {
    const bench = await ended();
    await closeRun(bench, 'run-1');
    const end = { finishReason: 'completed', detail: '', endedAtMs: bench.clock.now(), done: 2, dead: 1, items: 1 };
    expect(await bench.store.findRun('run-1')).toMatchObject({ state: 'closed', end });
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'closed' });
    const letter = only(await bench.store.listDeadLetters('run-1'));
    expect(letter).toMatchObject({ moduleId: 'work@1.0.0', stepIdx: 0, reason: 'failed', attempts: 1, kind: 'hop' });
    expect(JSON.parse(letter.error)).toMatchObject({ code: 'compute.threw', stage: 'module-processor' });
    expect(JSON.parse(letter.body)).toEqual({ state: { n: 1 } });
    const types = (await bench.store.listEvents('run-1')).map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual([EVENTS.TaskAccepted.type, EVENTS.RunCompleted.type]);
    expect(types).toContain(EVENTS.DeadLettered.type);
  });

  it('keeps the end that the store has already, when the coordinator had lost it and the run was marked for that', async () => {
    const bench = openStageBench([work]);
    await bench.begin();
    const end = { finishReason: 'completed', detail: '', endedAtMs: 7, done: 3, dead: 0, items: 2 } as const;
    const none = (async function* (): AsyncGenerator<never> {})();
    await bench.store.closeRun('run-1', end, { deadLetters: none, events: none });
    await bench.coordinator.terminateMark({ runId: 'run-1', reason: ENDED_BEFORE });
    for (const { phases, moduleId } of (await bench.coordinator.findRun('run-1'))!.modules) {
      for (const phase of phases.keys()) {
        await bench.coordinator.scopeDrain({ runId: 'run-1', moduleId, phase, limit: 500 });
      }
    }
    await closeRun(bench, 'run-1');
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'closed' });
    expect(await bench.store.findRun('run-1')).toMatchObject({ state: 'closed', end });
    expect(await bench.store.listDeadLetters('run-1')).toEqual([]);
  });

  it('tells of no hop whose place a fallback took', async () => {
    const bench = await ended();
    const list = bench.coordinator.listNodes;
    vi.spyOn(bench.coordinator, 'listNodes').mockImplementation(async (filter) =>
      (await list(filter)).map((node) => ({ ...node, deathReason: 'superseded' })),
    );
    await closeRun(bench, 'run-1');
    expect(await bench.store.listDeadLetters('run-1')).toEqual([]);
  });

  it('changes nothing the second time, nor for a run that goes on or is unknown', async () => {
    const bench = await ended();
    await closeRun(bench, 'run-1');
    const settled = await bench.store.findRun('run-1');
    bench.clock.advance(1_000);
    await closeRun(bench, 'run-1');
    expect(await bench.store.findRun('run-1')).toEqual(settled);
    await bench.begin();
    await closeRun(bench, 'run-2');
    expect(await bench.store.findRun('run-2')).toMatchObject({ state: 'open', end: undefined });
    await closeRun(bench, 'run-unknown');
  });

  it('is done over when its process died between the store and the coordinator', async () => {
    const bench = await ended();
    vi.spyOn(bench.coordinator, 'runSettle').mockRejectedValueOnce(new Error('killed'));
    await expect(closeRun(bench, 'run-1')).rejects.toThrow('killed');
    expect(await bench.store.findRun('run-1')).toMatchObject({ state: 'closed' });
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'closing' });
    const before = [
      await bench.items(),
      await bench.store.listDeadLetters('run-1'),
      await bench.store.listEvents('run-1'),
    ];
    await closeRun(bench, 'run-1');
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'closed' });
    expect(await bench.store.findRun('run-1')).toMatchObject({ end: { done: 2, dead: 1, items: 1 } });
    const after = [
      await bench.items(),
      await bench.store.listDeadLetters('run-1'),
      await bench.store.listEvents('run-1'),
    ];
    expect(after).toEqual(before);
  });

  it('takes any number of dead nodes, in pages', async () => {
    const bench = openStageBench([work]);
    await bench.begin({ input: { hops: 1_203 } });
    const node = only(bench.pumps);
    while ((await bench.coordinator.childrenPump({ node, wakeUps: 0 })).more);
    await bench.coordinator.runControl({ runId: 'run-1', action: 'cancel' });
    const scope = { runId: 'run-1', moduleId: 'work@1.0.0', phase: 0, limit: 500 };
    while ((await bench.coordinator.scopeDrain(scope)).more);
    await closeRun(bench, 'run-1');
    expect(await bench.store.listDeadLetters('run-1')).toHaveLength(1_203);
    expect(await bench.store.findRun('run-1')).toMatchObject({ end: { finishReason: 'cancelled', dead: 1_203 } });
  });
});

describe('a run whose counters do not fit together', () => {
  it('is not closed, and says so', async () => {
    const bench = await ended();
    const { findRun } = bench.coordinator;
    bench.coordinator.findRun = async (runId) => {
      const run = (await findRun(runId))!;
      const modules = run.modules.map((module) => ({
        ...module,
        phases: module.phases.map((phase) => ({ ...phase, done: phase.done + 1 })),
      }));
      return { ...run, modules };
    };
    await expect(closeRun(bench, 'run-1')).rejects.toMatchObject({
      code: 'run.invariant_broken',
      data: { invariant: 'I1', runId: 'run-1', phase: 0 },
    });
    expect(await bench.store.findRun('run-1')).not.toMatchObject({ state: 'closed' });
  });
});

describe('the finish reason', () => {
  const phase: PhaseSnapshot = { created: 3, done: 2, dead: 1, open: 0, closed: 'settled' };
  const module: ModuleSnapshot = {
    moduleId: 'm',
    state: 'done',
    reason: '',
    currentPhase: 1,
    front: 1,
    revision: 1,
    phases: [phase],
    executions: 3,
    errors: 1,
  };
  const run: RunSnapshot = {
    runId: 'r',
    state: 'closing',
    mark: '',
    reason: '',
    paused: false,
    openings: 1,
    modules: [module],
  };
  const late: ModuleSnapshot = { ...module, phases: [phase, { ...phase, closed: 'deadline' }] };

  it.each<[string, string, Partial<RunSnapshot>]>([
    ['completed', '', {}],
    ['cancelled', 'cancelled', { mark: 'cancelled', reason: 'cancelled' }],
    ['terminated', 'too many errors', { mark: 'terminated', reason: 'too many errors' }],
    ['terminated', 'join_failed', { modules: [module, { ...module, state: 'terminated', reason: 'join_failed' }] }],
    ['deadline', '', { modules: [module, late] }],
    ['cancelled', 'cancelled', { mark: 'cancelled', reason: 'cancelled', modules: [late] }],
  ])('is %s (%s)', (finishReason, detail, changes) => {
    expect(toRunEnd({ ...run, ...changes }, 7, 99)).toMatchObject({ finishReason, detail, items: 7, endedAtMs: 99 });
  });

  it('comes with the sums over all phases of all modules', () => {
    expect(toRunEnd({ ...run, modules: [late, module] }, 0, 0)).toMatchObject({ done: 6, dead: 3 });
  });
});
