import type { CallContext } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../libs/contracts/chain.ts';
import { ChainDecisionKind, ErrorTaskModel, TaskModel } from '../../libs/contracts/messages.ts';
import type { CatenaError } from '../../libs/errors/catena-error.ts';
import { defineModule } from '../../libs/modules/index.ts';
import { taskMessage } from '../../libs/stage/run/submit.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { messagesOf, only } from '../../test/fixtures/outcomes.ts';
import { type BenchOptions, openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { createErrorThresholdApi } from './rpc.ts';
import { decisionCounter } from './service.ts';

const call = { signal: new AbortController().signal } as CallContext;

const shop = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({}),
  steps: { list: z.object({}) },
}).implement({
  *start({ go }) {
    yield go.list({});
  },
  steps: {
    list: {
      request: () => 'http://shop.test/',
      *parse({ retry }) {
        yield retry('no price');
      },
    },
  },
});

function open(options: BenchOptions = {}) {
  const bench = openStageBench([shop], options);
  const { errorThreshold, coordinator, store, metrics } = bench;
  const api = createErrorThresholdApi({
    thresholdDeps: { ...errorThreshold, count: decisionCounter(metrics) },
    coordinator,
    store,
    tasks: bench.tasks,
  });
  return { bench, api };
}

/** A run whose one request was parsed in vain. */
async function failed(bench: StageBench): Promise<Message<'error'>> {
  return only(messagesOf(await bench.parse(await bench.download(await bench.beginRequest())), 'error'));
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ code, data }: CatenaError) => (data.field === undefined ? code : `${code} ${data.field}`),
  );

describe('PreCheck', () => {
  it('lets a task run that nobody has ended, opened or not', async () => {
    const { bench, api } = open();
    const { record } = await bench.accept();
    const check = async () => (await api.preCheck({ task: taskMessage(record).model }, call)).decision;
    expect(await check()).toMatchObject({ kind: ChainDecisionKind.CONTINUE, reason: '' });
    await bench.begin();
    expect(await check()).toMatchObject({ kind: ChainDecisionKind.CONTINUE });
  });

  it.each([
    [{ moduleId: 'shop@1.0.0' }, ChainDecisionKind.TERMINATE_MODULE],
    [{}, ChainDecisionKind.TERMINATE_TASK],
  ])('says what was ended, and why (%#)', async (scope, kind) => {
    const { bench, api } = open();
    await bench.begin();
    await bench.coordinator.terminateMark({ runId: 'run-1', ...scope, reason: 'enough' });
    const { record } = await bench.runs.load('run-1');
    const { decision } = await api.preCheck({ task: taskMessage(record).model }, call);
    expect(decision).toMatchObject({ kind, reason: 'enough', actionApplied: '' });
  });

  it('refuses what is no task', async () => {
    const { api } = open();
    expect(await codeOf(api.preCheck({ task: undefined }, call))).toBe('api.invalid_argument task');
    const task = TaskModel.fromPartial({ taskId: 't', modules: ['m'] });
    expect(await codeOf(api.preCheck({ task }, call))).toBe('api.invalid_argument task.run_id');
  });
});

describe('Decide', () => {
  it('decides once, like the stage does for a message', async () => {
    const { bench, api } = open();
    const { model } = await failed(bench);
    const { decision } = await api.decide({ errorTask: model }, call);
    expect(decision).toMatchObject({
      kind: ChainDecisionKind.RETRY_AFTER,
      delayMs: 500,
      reason: '',
      actionApplied: 'retry',
    });
    expect(await bench.nodeOf({ kind: 'error', model } as Message<'error'>)).toMatchObject({ state: 'retry' });
    const again = await api.decide({ errorTask: model }, call);
    expect(again.decision).toMatchObject({ kind: ChainDecisionKind.RETRY_AFTER, delayMs: 0 });
    expect(bench.metrics.total(METRICS.errorTaskRetry)).toBe(1);
  });

  it.each([
    [{ moduleThreshold: { errors: 1 } }, ChainDecisionKind.TERMINATE_MODULE],
    [{ taskThreshold: { errors: 1 } }, ChainDecisionKind.TERMINATE_TASK],
  ])('ends what has failed too often (%#)', async (thresholds, kind) => {
    const { bench, api } = open(thresholds);
    const { decision } = await api.decide({ errorTask: (await failed(bench)).model }, call);
    expect(decision).toMatchObject({ kind, reason: 'threshold', actionApplied: 'terminated' });
  });

  it('has nothing to do for a node that does not wait for a decision', async () => {
    const { bench, api } = open();
    const { model } = await failed(bench);
    const foreign = { ...model, id: 'nosuch' };
    const { decision } = await api.decide({ errorTask: foreign }, call);
    expect(decision).toMatchObject({ kind: ChainDecisionKind.CONTINUE, actionApplied: '' });
  });

  it('refuses what is no failure', async () => {
    const { bench, api } = open();
    const { model } = await failed(bench);
    const decide = (errorTask: ErrorTaskModel | undefined) => codeOf(api.decide({ errorTask }, call));
    expect(await decide(undefined)).toBe('api.invalid_argument error_task');
    expect(await decide(ErrorTaskModel.fromPartial({}))).toBe('api.invalid_argument error_task.id');
    expect(await decide({ ...model, error: undefined })).toBe('api.invalid_argument error_task.error');
  });
});

describe('Terminate', () => {
  it.each(['', 'shop@1.0.0'])('ends a run or a module of it ("%s"), once', async (moduleId) => {
    const { bench, api } = open();
    await bench.begin();
    const request = { runId: 'run-1', moduleId, reason: 'too expensive' };
    expect(await api.terminate(request, call)).toEqual({ changed: true });
    expect(await api.terminate(request, call)).toEqual({ changed: false });
    const snapshot = (await bench.coordinator.findRun('run-1'))!;
    const ended = moduleId === '' ? snapshot : snapshot.modules[0]!;
    expect(ended.reason).toBe('too expensive');
  });

  it('refuses what cannot be', async () => {
    const { bench, api } = open();
    const { record } = await bench.accept();
    const end = { finishReason: 'cancelled', detail: '', endedAtMs: 1, done: 0, dead: 0, items: 0 } as const;
    await bench.store.acceptRun({ ...record, runId: 'closed' });
    await bench.store.closeRun('closed', end, { deadLetters: nothing(), events: nothing() });
    const terminate = (runId: string, moduleId = '', reason = 'why') =>
      codeOf(api.terminate({ runId, moduleId, reason }, call));
    expect(await terminate('run-1')).toBe('api.run_not_open');
    expect(await terminate('closed')).toBe('api.run_closed');
    expect(await terminate('nosuch')).toBe('api.unknown_run');
    expect(await terminate('run-1', 'other@1.0.0')).toBe('api.unknown_module');
    expect(await terminate('')).toBe('api.invalid_argument run_id');
    expect(await terminate('run-1', '', '')).toBe('api.invalid_argument reason');
    expect(await terminate('run-1', '', 'x'.repeat(501))).toBe('api.invalid_argument reason');
  });
});

describe('GetThresholds', () => {
  it('shows what is in force', async () => {
    const { api } = open({ moduleThreshold: { rate: 0.5, minExecutions: 20 }, taskThreshold: { errors: 100 } });
    expect(await api.getThresholds({ runId: '' }, call)).toEqual({
      module: { limit: { $case: 'rate', value: { rate: 0.5, minExecutions: 20 } } },
      task: { limit: { $case: 'errors', value: 100 } },
      attempts: 3,
      baseDelayMs: 1_000,
      maxDelayMs: 60_000,
      cooldownErrors: 0,
      cooldownMs: 0,
      modules: [],
    });
  });

  it('shows how far a run is from them', async () => {
    const { bench, api } = open();
    const { model } = await failed(bench);
    await api.decide({ errorTask: model }, call);
    const { modules } = await api.getThresholds({ runId: 'run-1' }, call);
    expect(modules).toEqual([{ moduleId: 'shop@1.0.0', executions: 3, errors: 1, state: 'open' }]);
    expect(await codeOf(api.getThresholds({ runId: 'nosuch' }, call))).toBe('api.unknown_run');
  });
});

async function* nothing(): AsyncGenerator<never> {
  // A run that never began has no nodes, and nothing happened to it.
}
