import { describe, expect, it } from 'vitest';
import { ChainDecisionKind, ErrorClass, type TaskModel } from '../../libs/contracts/messages.ts';
import type { DispatchAnswer, ExecuteModuleRequest } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { isBackendFailure } from '../../libs/stage/execution/backend-failure.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import { openStageBench } from '../../test/fixtures/stage-bench.ts';
import { shop } from './api/ingress-api.fixture.ts';
import { dispatchCall } from './dispatch-call.ts';
import { preCheckCall } from './pre-check-call.ts';

const node = { id: 'n', runId: 'run-1', moduleId: 'shop@1.2.0', phase: 1 };

async function start(): Promise<Dispatch> {
  return { kind: 'start', run: await openStageBench([shop]).accept({ metadata: { team: 'blue' } }) };
}

function failure(code: string, errorClass: ErrorClass, data = '{"module":"m"}') {
  const rest = { message: 'why', data: Buffer.from(data), stage: '', causes: [], retryAfterMs: 9 };
  return { $case: 'failure', value: { code, class: errorClass, ...rest } } as const;
}

/** What a dispatch comes to when it is answered like this. */
async function outcome(result: DispatchAnswer['result'] | Error): Promise<unknown> {
  const dispatch = dispatchCall(async () => {
    if (result instanceof Error) throw result;
    return result;
  });
  return dispatch(await start()).catch((thrown: unknown) => thrown);
}

describe('a dispatch by call', () => {
  it('sends ids, not the run', async () => {
    const sent: ExecuteModuleRequest['dispatch'][] = [];
    const dispatch = dispatchCall(async (request) => {
      sent.push(request);
      return { $case: 'done', value: {} };
    });
    const first = await start();
    const wakeUp = {
      kind: 'request',
      nodeKind: 'request',
      node,
      epoch: 2,
      stepIdx: 3,
      prefixRequest: 'p',
      attempts: 4,
      dispatch: 0,
      limitKey: '',
      error: '',
    } as const;
    await dispatch(first);
    await dispatch({ kind: 'hop', run: first.run, node, epoch: 2 });
    await dispatch({ kind: 'request', run: first.run, wakeUp });
    const fields = { runId: 'run-1', nodeId: 'n', moduleId: 'shop@1.2.0', phase: 1, epoch: 2 };
    expect(sent).toEqual([
      { $case: 'start', value: { runId: 'run-1' } },
      { $case: 'hop', value: fields },
      { $case: 'request', value: { ...fields, stepIdx: 3, prefixRequest: 'p', attempts: 4 } },
    ]);
  });

  it('resolves when it was done', async () => {
    expect(await outcome({ $case: 'done', value: {} })).toBeUndefined();
  });

  it('rejects with a fatal error as it was said, for the run or the node to fail by', async () => {
    const error = await outcome(failure('module.unknown', ErrorClass.FATAL));
    expect(error).toBeInstanceOf(CatenaError);
    expect(error).toMatchObject({ code: 'module.unknown', class: 'fatal', message: 'why', data: { module: 'm' } });
    expect(isBackendFailure(error)).toBe(false);
  });

  it.each([
    ['a retryable failure', failure('coordinator.unavailable', ErrorClass.RETRYABLE)],
    ['a failure of an unknown class', failure('later.news', 9 as ErrorClass)],
    ['a failure whose details cannot be read', failure('store.io_error', ErrorClass.RETRYABLE, '{')],
    ['no answer', undefined],
    ['a call that failed for good', new CatenaError('grpc.permission_denied', 'no token')],
    ['a stream that broke', new CatenaError('dispatch.stream_broken', 'gone', { class: 'retryable' })],
  ])('gives the message back after %s', async (_name, result) => {
    const error = await outcome(result);
    expect(isBackendFailure(error)).toBe(true);
    expect(error).toBeInstanceOf(Error);
    if (result !== undefined) expect((error as Error).cause).toBeInstanceOf(CatenaError);
  });
});

describe('a pre-check by call', () => {
  const decision = (kind: ChainDecisionKind, delayMs = 0) => ({
    decision: { kind, delayMs, reason: 'enough', actionApplied: '' },
  });

  it('sends the task as it was accepted', async () => {
    const { run } = await start();
    const asked: TaskModel[] = [];
    const check = preCheckCall({
      preCheck: async ({ task }) => {
        asked.push(task as TaskModel);
        return decision(ChainDecisionKind.CONTINUE);
      },
    });
    expect(await check(run)).toBeUndefined();
    expect(asked).toMatchObject([{ runId: 'run-1', modules: ['shop@1.2.0'], metadata: { team: 'blue' } }]);
  });

  it.each([
    [ChainDecisionKind.TERMINATE_MODULE, { kind: 'terminated', scope: 'module', reason: 'enough' }],
    [ChainDecisionKind.TERMINATE_TASK, { kind: 'terminated', scope: 'task', reason: 'enough' }],
    [ChainDecisionKind.RETRY_AFTER, { kind: 'cooling', delayMs: 70 }],
  ])('answers what decision %i says', async (kind, refusal) => {
    const { run } = await start();
    expect(await preCheckCall({ preCheck: async () => decision(kind, 70) })(run)).toEqual(refusal);
  });

  it('never refuses a task because nobody could be asked', async () => {
    const { run } = await start();
    const answers = [
      () => Promise.reject(new CatenaError('grpc.permission_denied', 'no token')),
      async () => ({ decision: undefined }),
      async () => decision(99 as ChainDecisionKind),
    ];
    for (const preCheck of answers) {
      const error = await preCheckCall({ preCheck })(run).catch((thrown: unknown) => thrown);
      expect(isBackendFailure(error)).toBe(true);
      expect(error).toBeInstanceOf(Error);
    }
  });
});
