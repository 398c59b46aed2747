import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { messageFault } from '../../contracts/validate.ts';
import type { NewRun } from '../../store/port.ts';
import { acceptTask, fingerprintOf, type TaskSubmission, taskMessage } from './submit.ts';

const task: TaskSubmission = { modules: ['shop@1.0.0'], input: { a: 1, b: [2] }, account: 'acme', platform: 'web' };

async function accepted(submission: TaskSubmission): Promise<NewRun> {
  const stored: NewRun[] = [];
  const acceptRun = async (run: NewRun) => {
    stored.push(run);
    return run.runId;
  };
  const store = { acceptRun, findRun: async () => undefined, findTask: async () => undefined };
  const run = await acceptTask({ store, clock: new ManualClock(1_000), nextRunId: () => 'run-7' }, submission);
  expect(stored).toEqual([run]);
  return run;
}

describe('a submitted task', () => {
  it('stands in the store when it is accepted, with what was not given filled in', async () => {
    expect(await accepted(task)).toEqual({
      ...task,
      runId: 'run-7',
      taskId: 'run-7',
      fingerprint: fingerprintOf(task),
      metadata: {},
      priority: 0,
      deadlineAtMs: undefined,
      acceptedAtMs: 1_000,
    });
    expect(await accepted({ ...task, deadlineMs: 500, priority: 3, metadata: { team: 'blue' } })).toMatchObject({
      deadlineAtMs: 1_500,
      priority: 3,
      metadata: { team: 'blue' },
    });
  });

  it('keeps its caps, and is refused with one that is none', async () => {
    const caps = { pages: 10, depth: 0 };
    const run = await accepted({ ...task, caps });
    expect(run.caps).toEqual(caps);
    expect(taskMessage(run).model.caps).toEqual(caps);
    expect(await accepted({ ...task, caps: {} })).not.toHaveProperty('caps');
    for (const wrong of [{ pages: 0 }, { items: 1.5 }, { depth: -1 }, { bytes: Number.NaN }]) {
      await expect(accepted({ ...task, caps: wrong })).rejects.toMatchObject({ code: 'submit.wrong_cap' });
    }
  });

  it('is not accepted when the store does not take it', async () => {
    const store = {
      acceptRun: () => Promise.reject(new Error('disk full')),
      findRun: async () => undefined,
      findTask: async () => undefined,
    };
    const deps = { store, clock: new ManualClock(), nextRunId: () => 'run-7' };
    await expect(acceptTask(deps, task)).rejects.toThrow('disk full');
  });

  it('submitted again under its key is the first run, and other work under that key is refused', async () => {
    const keyed = { ...task, idempotencyKey: 'order 7' };
    const first = await accepted(keyed);
    const earlier = { ...first, runId: 'run-1', taskId: 'run-1' };
    const store = {
      acceptRun: async () => 'run-1',
      findRun: async () => ({ ...earlier, state: 'open' as const, end: undefined }),
      findTask: async () => undefined,
    };
    const deps = { store, clock: new ManualClock(9_000), nextRunId: () => 'run-8' };
    expect(first.idempotencyKey).toBe('order 7');
    expect(await acceptTask(deps, keyed)).toMatchObject({ runId: 'run-1', acceptedAtMs: 1_000 });
    await expect(acceptTask(deps, { ...keyed, input: { a: 2 } })).rejects.toMatchObject({ code: 'submit.key_reused' });
  });

  it('is told to ingress by a sound message, any number of times', async () => {
    const run = await accepted({ ...task, deadlineMs: 500, metadata: { team: 'blue' } });
    const message = taskMessage(run);
    expect(messageFault(message)).toBeUndefined();
    expect(message.model).toMatchObject({ runId: 'run-7', deadlineMs: 1_500, metadata: { team: 'blue' } });
    expect(JSON.parse(Buffer.from(message.model.input).toString())).toEqual(task.input);
    expect(taskMessage(run)).toEqual(message);
  });
});

describe('the fingerprint of a task', () => {
  it('is the same for the same work, in whatever order the input was written', () => {
    expect(fingerprintOf({ ...task, input: { b: [2], a: 1 }, priority: 9, deadlineMs: 1 })).toBe(fingerprintOf(task));
  });

  it.each<[string, Partial<TaskSubmission>]>([
    ['modules', { modules: ['shop@1.0.1'] }],
    ['order of modules', { modules: ['shop@1.0.0', 'b@1.0.0'] }],
    ['input', { input: { a: 1, b: [3] } }],
    ['account', { account: 'other' }],
    ['platform', { platform: 'other' }],
  ])('is another one for another %s', (_what, changes) => {
    expect(fingerprintOf({ ...task, ...changes })).not.toBe(fingerprintOf(task));
  });
});
