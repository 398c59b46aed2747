import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../libs/contracts/chain.ts';
import { computeStep, defineModule } from '../../libs/modules/index.ts';
import { closeRun } from '../../libs/stage/run/close-run.ts';
import { acceptTask } from '../../libs/stage/run/submit.ts';
import { messagesOf, only } from '../../test/fixtures/outcomes.ts';
import { openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { handle } from './handle.ts';
import { preCheck } from './service.ts';

/** Hops that always fail, so many for each run. */
const shop = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({ hops: z.number().default(2) }),
  steps: { broken: computeStep(z.object({ n: z.number() })) },
  items: {},
}).implement({
  *start({ go, input }) {
    for (let n = 0; n < input.hops; n++) yield go.broken({ n });
  },
  steps: {
    broken: {
      run() {
        throw new Error('always');
      },
    },
  },
});

/** A task is ended by its fifth error; nodes have one attempt. */
const open = () => openStageBench([shop], { attempts: 1, taskThreshold: { errors: 5 } });

const NAMED = { task: 'prices', account: 'acme' };
const KEY = { account: 'acme', name: 'prices' };

/** Opens a run of the task, and fails its hops: their errors are to be decided. */
async function failing(bench: StageBench, task: object = NAMED): Promise<Message<'error'>[]> {
  const errors: Message<'error'>[] = [];
  for (const hop of await bench.begin(task)) errors.push(only(messagesOf(await bench.generate(hop), 'error')));
  return errors;
}

const decideAll = async (bench: StageBench, errors: readonly Message<'error'>[]) => {
  const scopes: string[] = [];
  for (const error of errors) {
    // Counts of other runs may be a second old.
    bench.clock.advance(1_000);
    const outcome = await handle(bench.errorThreshold, error);
    scopes.push(outcome.kind === 'terminate' ? outcome.scope : outcome.kind);
  }
  return scopes;
};

const close = (bench: StageBench, runId: string) => closeRun(bench, runId);
const accept = (bench: StageBench, task: object = {}) =>
  acceptTask(
    { store: bench.store, clock: bench.clock, nextRunId: () => 'new' },
    { modules: [shop.id], input: {}, account: 'acme', platform: 'web', task: 'prices', ...task },
  );

describe('the threshold of a named task', () => {
  it('trips over three runs of which none reaches it alone: those that ended count, and those that are open', async () => {
    const bench = open();
    const ended = await failing(bench);
    expect(await decideAll(bench, ended)).toEqual(['next', 'next']);
    await close(bench, 'run-1');
    const second = await failing(bench);
    const third = await failing(bench);
    expect(await decideAll(bench, second)).toEqual(['next', 'next']);
    expect(await decideAll(bench, [third[0]!])).toEqual(['task']);
    expect(await bench.coordinator.findRun('run-3')).toMatchObject({
      mark: 'terminated',
      reason: 'threshold: 5 errors in 8 executions of its task',
    });
    expect((await bench.store.findTask(KEY, 0))?.mark).toMatchObject({ by: 'threshold', runId: 'run-3' });
  });

  it('ends the other open runs of the task, refuses new ones with what to do, and admits them after a lift', async () => {
    const bench = open();
    await failing(bench, { ...NAMED, input: { hops: 1 } });
    await decideAll(bench, await failing(bench, { ...NAMED, input: { hops: 5 } }));
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ mark: 'terminated' });
    const refused = await accept(bench).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({
      code: 'submit.task_terminated',
      message: expect.stringContaining('threshold: 5 errors in 7 executions of its task (in run run-2, '),
      remedy: expect.stringContaining('catena task lift prices --account acme'),
      data: { task: 'prices', by: 'threshold' },
    });
    await bench.store.liftTask(KEY);
    expect(await accept(bench)).toMatchObject({ runId: 'new', taskId: 'prices' });
  });

  it('looks at its own account, and at a run without a name alone', async () => {
    const bench = open();
    await decideAll(bench, await failing(bench, { ...NAMED, input: { hops: 4 } }));
    expect(await decideAll(bench, await failing(bench, { ...NAMED, account: 'other' }))).toEqual(['next', 'next']);
    expect(await decideAll(bench, await failing(bench, {}))).toEqual(['next', 'next']);
    expect((await bench.coordinator.findRun('run-3'))?.mark).toBe('');
  });

  it('marks the task with the end of the run, if the process died between decision and mark', async () => {
    const bench = open();
    await failing(bench, { ...NAMED, input: { hops: 1 } });
    const errors = await failing(bench, { ...NAMED, input: { hops: 5 } });
    const killed = async () => Promise.reject(new Error('killed'));
    const tasks = { countsBeside: async () => ({ executions: 0, errors: 0 }), tripped: killed };
    for (const error of errors.slice(0, 4)) await handle(bench.errorThreshold, error);
    await expect(handle({ ...bench.errorThreshold, tasks }, errors[4]!)).rejects.toThrow('killed');
    expect((await bench.store.findTask(KEY, 0))?.mark).toBeUndefined();
    await close(bench, 'run-2');
    expect((await bench.store.findTask(KEY, 0))?.mark).toMatchObject({ by: 'threshold', runId: 'run-2' });
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ mark: 'terminated' });
  });

  it('marks it when the decision is asked for again, and not after a lift', async () => {
    const bench = open();
    const errors = await failing(bench, { ...NAMED, input: { hops: 5 } });
    for (const error of errors) await bench.coordinator.thresholdDecide(commandOf(error));
    expect(await decideAll(bench, [errors[4]!])).toEqual(['task']);
    expect((await bench.store.findTask(KEY, 0))?.mark).toBeDefined();
    await bench.store.liftTask(KEY);
    expect(await decideAll(bench, [errors[4]!])).toEqual(['task']);
    expect((await bench.store.findTask(KEY, 0))?.mark).toBeUndefined();
  });

  it('ends the open runs of a task whose process died behind its mark', async () => {
    const bench = open();
    await failing(bench, { ...NAMED, input: { hops: 1 } });
    await bench.store.markTask(KEY, { by: 'operator at 10.0.0.7', reason: 'a test', atMs: 0, runId: '' });
    expect((await bench.coordinator.findRun('run-1'))?.mark).toBe('');
    await bench.tasks.endRuns(new AbortController().signal);
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ mark: 'terminated' });
  });

  it('is not taken from an operator, who terminates a run of it', async () => {
    const bench = open();
    const [error] = await failing(bench, { ...NAMED, input: { hops: 1 } });
    await bench.coordinator.terminateMark({ runId: 'run-1', reason: 'a test' });
    await bench.tasks.tripped(error!.model.task!);
    expect((await bench.store.findTask(KEY, 0))?.mark).toBeUndefined();
  });

  it('does not use counts from before a lift, of runs that ended or are still being ended, however fresh they are', async () => {
    const bench = open();
    for (const error of await failing(bench, { ...NAMED, input: { hops: 3 } }))
      await handle(bench.errorThreshold, error);
    await close(bench, 'run-1');
    // Its decisions keep the counts for a second.
    for (const error of await failing(bench, { ...NAMED, input: { hops: 5 } }))
      await handle(bench.errorThreshold, error);
    expect((await bench.store.findTask(KEY, 1))?.mark).toBeDefined();
    await bench.store.liftTask(KEY);
    for (const error of await failing(bench, { ...NAMED, input: { hops: 4 } })) {
      expect((await handle(bench.errorThreshold, error)).kind).toBe('next');
    }
  });

  it('decides by the run alone when the store does not answer', async () => {
    const bench = open();
    const errors = await failing(bench, { ...NAMED, input: { hops: 2 } });
    const away = { countsBeside: () => Promise.reject(new Error('away')), tripped: async () => {} };
    expect((await handle({ ...bench.errorThreshold, tasks: away }, errors[0]!)).kind).toBe('next');
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ modules: [{ errors: 1 }] });
  });
});

describe('the pre-check of a run that was accepted before its task was marked', () => {
  it('refuses it with the reason, and puts it off while the task cools down', async () => {
    const bench = open();
    const waiting = await accept(bench);
    const errors = await failing(bench, { ...NAMED, input: { hops: 2 } });
    await decideAll(bench, errors);
    await closeRun({ ...bench, cooldown: { errors: 2, ms: 60_000 } }, 'run-1');
    expect(await preCheck(bench, waiting)).toEqual({ kind: 'cooling', delayMs: 60_000 });
    bench.clock.advance(60_000);
    expect(await preCheck(bench, waiting)).toBeUndefined();
    const mark = { by: 'operator at 10.0.0.7', reason: 'the shop asked us to stop', atMs: 0, runId: '' };
    await bench.tasks.mark(KEY, mark);
    expect(await preCheck(bench, waiting)).toEqual({
      kind: 'terminated',
      scope: 'task',
      reason:
        'its task prices was terminated: the shop asked us to stop (by operator at 10.0.0.7, 1970-01-01T00:00:00.000Z)',
    });
  });
});

function commandOf({ model }: Message<'error'>) {
  const { moduleId, phase, epoch } = model.context!;
  return {
    node: { id: model.id, runId: model.task!.runId, moduleId, phase },
    ...{ epoch, fatal: false, maxAttempts: 1, retryDelayMs: 0 },
    moduleThreshold: { errors: 100 },
    taskThreshold: { errors: 5 },
  };
}
