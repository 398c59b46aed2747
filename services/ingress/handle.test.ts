import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ModuleRegistry } from '../../libs/calls/registry.ts';
import type { Message, MessageTo } from '../../libs/contracts/chain.ts';
import { messageFault } from '../../libs/contracts/validate.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { defineModule } from '../../libs/modules/index.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import { Runs } from '../../libs/stage/run/runs.ts';
import { taskMessage } from '../../libs/stage/run/submit.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { messagesOf, only, stricter } from '../../test/fixtures/outcomes.ts';
import { openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import type { IngressDeps } from './deps.ts';
import { handle, moduleDispatch } from './handle.ts';
import { normalizeInput } from './normalize-input.ts';

const shop = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({ broken: z.boolean().default(false) }),
  steps: { list: z.object({ page: z.number() }) },
  items: {},
}).implement({
  *start({ go }) {
    yield go.list({ page: 1 });
  },
  steps: {
    list: {
      request: ({ input }) => {
        if (input.broken) throw new Error('no URL today');
        return 'http://shop.test/1';
      },
      *parse() {},
    },
  },
});

const storeDown = () => Promise.reject(new CatenaError('store.io_error', 'the disk is gone', { class: 'retryable' }));

/** Ingress whose verbs are noted in the order in which they are called. */
function watched(bench: StageBench): { deps: IngressDeps; verbs: string[]; dispatched: Dispatch[] } {
  const verbs: string[] = [];
  const dispatched: Dispatch[] = [];
  const runs = new Runs(bench.store, bench.registry);
  const load = runs.load.bind(runs);
  runs.load = (runId) => {
    verbs.push('LoadTask');
    return load(runId);
  };
  const deps: IngressDeps = {
    ...bench.ingress,
    execution: { ...bench.execution, runs },
    preCheck: async (run) => {
      verbs.push('ThresholdPreCheck');
      return bench.ingress.preCheck(run);
    },
    dispatch: async (dispatch) => {
      verbs.push('ModuleDispatch');
      dispatched.push(dispatch);
    },
  };
  return { deps, verbs, dispatched };
}

/** The retry of a hop whose generation failed, as error-threshold sends it. */
async function hopRetry(bench: StageBench): Promise<Message<'error_task'>> {
  const [hop] = await bench.begin({ input: { broken: true } });
  const error = only(messagesOf(await bench.generate(hop!), 'error'));
  return bench.retry(error);
}

/** The retry of a request whose download failed. */
async function requestRetry(bench: StageBench): Promise<Message<'error_task'>> {
  bench.http.answer = () => {
    throw new CatenaError('download.timeout', 'too slow', { class: 'retryable' });
  };
  const response = await bench.download(await bench.beginRequest());
  const error = only(messagesOf(await bench.parse(response), 'error'));
  return bench.retry(error);
}

describe('the three inputs', () => {
  it('normalise into one form, which says what is to be executed', async () => {
    const bench = openStageBench([shop]);
    const run = await bench.accept();
    expect(normalizeInput(taskMessage(run.record))).toEqual({ kind: 'task', runId: 'run-1', target: undefined });

    const [hop] = await bench.begin();
    const node = { id: hop!.model.id, runId: 'run-2', moduleId: 'shop@1.0.0', phase: 0 };
    const target = { node, stepIdx: 0, prefixRequest: '', metadata: { team: 'blue' } };
    expect(normalizeInput(hop!)).toMatchObject({
      kind: 'parser_task',
      runId: 'run-2',
      target: { ...target, epoch: 0, isRequest: false },
    });

    const retry = await hopRetry(bench);
    expect(normalizeInput(retry)).toMatchObject({
      kind: 'error_task',
      runId: 'run-3',
      target: { node: { id: retry.model.id }, epoch: 1, isRequest: false, attempts: 1 },
    });
  });

  it('are dispatched as a start, a hop, a hop again, and a request again', async () => {
    const bench = openStageBench([shop]);
    const run = await bench.accept();
    const dispatchOf = (message: MessageTo<'ingress'>) => moduleDispatch(run, normalizeInput(message));
    expect(dispatchOf(taskMessage(run.record))).toEqual({ kind: 'start', run });
    const [hop] = await bench.begin();
    expect(dispatchOf(hop!)).toMatchObject({ kind: 'hop', epoch: 0, node: { id: hop!.model.id } });
    expect(dispatchOf(await hopRetry(bench))).toMatchObject({ kind: 'hop', epoch: 1 });
    expect(dispatchOf(await requestRetry(openStageBench([shop])))).toMatchObject({
      kind: 'request',
      wakeUp: { kind: 'request', epoch: 1, attempts: 1 },
    });
  });

  it('run through the same chain: a task opens its run, a hop makes requests, and so does its retry', async () => {
    const bench = openStageBench([shop]);
    const run = await bench.accept();
    expect(await handle(bench.ingress, taskMessage(run.record))).toEqual({ kind: 'next', messages: [] });
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'open' });
    expect(await bench.store.findRun('run-1')).toMatchObject({ state: 'open' });

    const retry = await hopRetry(bench);
    expect(await handle(bench.ingress, retry)).toMatchObject({ kind: 'next' });
    expect(await bench.nodeOf(retry)).toMatchObject({ state: 'failed', attempts: 2, epoch: 1 });
  });

  it('are counted by kind', async () => {
    const bench = openStageBench([shop]);
    await handle(bench.ingress, taskMessage((await bench.accept()).record));
    await handle(bench.ingress, (await bench.begin())[0]!);
    await handle(bench.ingress, taskMessage({ ...(await bench.accept()).record, modules: [] }));
    const count = (kind: string, metric: typeof METRICS.taskIngress | typeof METRICS.taskIngressFailed) =>
      bench.metrics.counter(metric).with({ kind }).value;
    expect(count('task', METRICS.taskIngress)).toBe(1);
    expect(count('parser_task', METRICS.taskIngress)).toBe(1);
    expect(count('task', METRICS.taskIngressFailed)).toBe(1);
  });
});

describe('the stages of ingress', () => {
  it('stand in their order for a task', async () => {
    const bench = openStageBench([shop]);
    const { deps, verbs } = watched(bench);
    await handle(deps, taskMessage((await bench.accept()).record));
    expect(verbs).toEqual(['LoadTask', 'ThresholdPreCheck', 'ModuleDispatch']);
  });

  it('ask no threshold for a hop: its claim is the check', async () => {
    const bench = openStageBench([shop]);
    const { deps, verbs } = watched(bench);
    const [hop] = await bench.begin();
    await handle(deps, hop!);
    await handle(deps, hop!);
    expect(verbs).toEqual(['LoadTask', 'ModuleDispatch', 'ModuleDispatch']);
  });

  it('end at the first that refuses', async () => {
    const bench = openStageBench([shop]);
    const { deps, verbs } = watched(bench);
    const { record } = await bench.accept();
    const foreign = await handle(deps, taskMessage({ ...record, runId: '' }));
    expect([foreign, verbs]).toEqual([{ kind: 'skip', reason: 'ingress.malformed_input' }, []]);
    const unknown = await handle(deps, taskMessage({ ...record, runId: 'never-accepted' }));
    expect([unknown, verbs]).toEqual([{ kind: 'skip', reason: 'ingress.unknown_run' }, ['LoadTask']]);
    const [hop] = await bench.begin();
    const elsewhere = { ...hop!.model, context: { ...hop!.model.context!, moduleId: 'other@1.0.0' } };
    expect(await handle(deps, { kind: 'parser_task', model: elsewhere })).toMatchObject({ kind: 'fail' });
    expect(verbs).toEqual(['LoadTask', 'LoadTask']);
  });
});

describe('the pre-check', () => {
  it('lets a task pass that nothing ended', async () => {
    const bench = openStageBench([shop]);
    const { deps, dispatched } = watched(bench);
    expect(await handle(deps, taskMessage((await bench.accept()).record))).toEqual({ kind: 'next', messages: [] });
    expect(dispatched).toMatchObject([{ kind: 'start' }]);
  });

  it.each([
    ['task', {}],
    ['module', { moduleId: 'shop@1.0.0' }],
  ])('terminates a task whose %s was ended, and leaves its end to the coordinator', async (_scope, scope) => {
    const bench = openStageBench([shop]);
    const { record } = await bench.accept();
    await handle(bench.ingress, taskMessage(record));
    await bench.coordinator.terminateMark({ runId: 'run-1', reason: 'too many errors', ...scope });
    const { deps, dispatched } = watched(bench);
    expect(await handle(deps, taskMessage(record))).toEqual({
      kind: 'terminate',
      scope: 'task',
      reason: 'too many errors',
      messages: [],
    });
    expect([dispatched, bench.rejected]).toEqual([[], []]);
  });

  it('rejects a task that the coordinator does not hold, with the reason', async () => {
    const bench = openStageBench([shop]);
    const deps = {
      ...bench.ingress,
      preCheck: async () => ({ kind: 'terminated', scope: 'task', reason: 'its account is locked' }) as const,
    };
    const outcome = await handle(deps, taskMessage((await bench.accept()).record));
    expect(outcome).toMatchObject({ kind: 'terminate', reason: 'its account is locked' });
    expect(bench.rejected).toEqual([{ runId: 'run-1', detail: 'refused at its pre-check: its account is locked' }]);
  });
});

describe('a run whose module is not served here', () => {
  it('is left to a process that serves it, task, hop or retry', async () => {
    const bench = openStageBench([shop]);
    const hop = (await bench.begin())[0]!;
    const deps = {
      ...bench.ingress,
      execution: { ...bench.execution, isShared: true, runs: new Runs(bench.store, new ModuleRegistry()) },
    };
    const later = { kind: 'retry', reason: 'module.unknown', delayMs: 5_000 };
    expect(await handle(deps, taskMessage((await bench.store.findRun('run-1'))!))).toEqual(later);
    expect(await handle(deps, hop)).toEqual(later);
    expect(bench.rejected).toEqual([]);
    expect(await bench.nodeOf(hop)).toMatchObject({ state: 'pending' });
  });

  it('is rejected where there is no other process', async () => {
    const bench = openStageBench([shop]);
    const { record } = await bench.accept();
    const deps = {
      ...bench.ingress,
      execution: { ...bench.execution, runs: new Runs(bench.store, new ModuleRegistry()) },
    };
    expect(await handle(deps, taskMessage(record))).toEqual({ kind: 'skip', reason: 'module.unknown' });
    expect(bench.rejected).toEqual([{ runId: 'run-1', detail: expect.stringContaining('shop@1.0.0') }]);
  });
});

describe('a run whose module does not take its input any more', () => {
  it('is rejected with the reason when it is a task', async () => {
    const bench = openStageBench([shop]);
    const { record } = await bench.accept();
    const deps = {
      ...bench.ingress,
      execution: { ...bench.execution, runs: new Runs(bench.store, stricter(bench.registry.resolve('shop'))) },
    };
    expect(await handle(deps, taskMessage(record))).toEqual({ kind: 'skip', reason: 'module.wrong_input' });
    expect(bench.rejected).toEqual([{ runId: 'run-1', detail: expect.stringContaining('shop@1.0.0') }]);
  });

  it.each([
    ['a hop', async (bench: StageBench) => (await bench.begin())[0]!],
    ['a retried hop', hopRetry],
    ['a retried request', requestRetry],
  ])('is the failure of %s, with everything that tells whose it is', async (_name, messageFor) => {
    const bench = openStageBench([shop]);
    const message: MessageTo<'ingress'> & { kind: 'parser_task' | 'error_task' } = await messageFor(bench);
    const deps = {
      ...bench.ingress,
      execution: { ...bench.execution, runs: new Runs(bench.store, stricter(bench.registry.resolve('shop'))) },
    };
    const error = only(messagesOf(await handle(deps, message), 'error'));
    expect(messageFault(error)).toBeUndefined();
    expect(error.model).toMatchObject({
      id: message.model.id,
      task: message.model.task,
      prefixRequest: message.model.prefixRequest,
      metadata: { team: 'blue' },
      context: { moduleId: 'shop@1.0.0', stayCurrentStep: true },
      error: { code: 'module.wrong_input', stage: 'ingress' },
    });
    expect(await bench.nodeOf(message)).toMatchObject({ state: 'failed' });
    expect(await handle(deps, message)).toEqual({ kind: 'skip', reason: 'LOCKED_BY_OTHER' });
  });
});

describe('when a backend fails', () => {
  it('a task is given back, not rejected', async () => {
    const bench = openStageBench([shop]);
    const { record } = await bench.accept();
    const deps = {
      ...bench.ingress,
      execution: { ...bench.execution, runs: new Runs({ findRun: storeDown }, bench.registry) },
    };
    await expect(handle(deps, taskMessage(record))).rejects.toMatchObject({ code: 'store.io_error' });
    vi.spyOn(bench.coordinator, 'runOpen').mockImplementationOnce(storeDown);
    await expect(handle(bench.ingress, taskMessage(record))).rejects.toMatchObject({ code: 'store.io_error' });
    expect(bench.rejected).toEqual([]);
    expect(await handle(bench.ingress, taskMessage(record))).toEqual({ kind: 'next', messages: [] });
  });

  it('a hop keeps its state, and its next wake-up executes it', async () => {
    const bench = openStageBench([shop]);
    const [hop] = await bench.begin();
    vi.spyOn(bench.coordinator, 'claim').mockImplementationOnce(storeDown);
    await expect(handle(bench.ingress, hop!)).rejects.toMatchObject({ code: 'store.io_error' });
    expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'pending', attempts: 0 });
    expect(await handle(bench.ingress, hop!)).toEqual({ kind: 'next', messages: [] });
    expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'done' });
  });
});
