import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ErrorClass } from '../../libs/contracts/messages.ts';
import { ExecuteModuleRequest, ExecuteModuleResponse } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { defineModule } from '../../libs/modules/index.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import {
  type DispatchRequest,
  type DispatchResponse,
  dispatchCodec,
} from '../../libs/transport/grpc/dispatch/codec.ts';
import { refOf } from '../../test/fixtures/outcomes.ts';
import { openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { answerDispatch } from './dispatch-call.ts';
import { handle } from './handle.ts';
import { createModuleProcessorApi, type ModuleProcessorApiDeps } from './rpc.ts';

const shop = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({}),
  steps: { list: z.object({}) },
}).implement({
  *start({ go }) {
    yield go.list({});
  },
  steps: { list: { request: () => 'http://shop.test/', *parse() {} } },
});

function open() {
  const bench = openStageBench([shop]);
  const executed: Dispatch[] = [];
  const deps = {
    runs: bench.runs,
    log: bench.execution.log,
    execute: async (dispatch: Dispatch) => {
      executed.push(dispatch);
      await handle(bench.moduleProcessor, dispatch);
    },
  };
  return { bench, executed, deps };
}

/** As the answer comes out at the other end of the wire. */
async function overTheWire(
  deps: ReturnType<typeof open>['deps'],
  dispatch: DispatchRequest['dispatch'],
): Promise<DispatchResponse> {
  const sent = ExecuteModuleRequest.encode(
    dispatchCodec.encodeRequest({ id: 7, request: { dispatch, trace: { traceparent: '00-a-b-01' } } }),
  ).finish();
  const frame = dispatchCodec.decodeRequest(ExecuteModuleRequest.decode(sent));
  expect(frame.request.trace).toEqual({ traceparent: '00-a-b-01' });
  const response = await answerDispatch(deps, frame.request.dispatch);
  const event = dispatchCodec.encodeEvent({ kind: 'answer', id: frame.id, result: { isDone: true, response } });
  const received = dispatchCodec.decodeEvent(
    ExecuteModuleResponse.decode(ExecuteModuleResponse.encode(event).finish()),
  );
  expect(received).toMatchObject({ kind: 'answer', id: 7, result: { isDone: true } });
  return received.kind === 'answer' && received.result.isDone ? received.result.response : undefined;
}

async function firstHop(bench: StageBench) {
  const [hop] = await bench.begin();
  const { id: nodeId, runId, moduleId, phase } = refOf(hop!.model);
  return { nodeId, runId, moduleId, phase, epoch: 0 };
}

describe('a dispatch that came by call', () => {
  it('opens a run', async () => {
    const { bench, deps } = open();
    await bench.accept();
    expect(await overTheWire(deps, { $case: 'start', value: { runId: 'run-1' } })).toMatchObject({ $case: 'done' });
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'open' });
  });

  it('executes a hop; once, however often it is sent', async () => {
    const { bench, deps } = open();
    const value = await firstHop(bench);
    for (let times = 0; times < 2; times++) {
      expect(await overTheWire(deps, { $case: 'hop', value })).toMatchObject({ $case: 'done' });
    }
    expect((await bench.coordinator.findRun('run-1'))!.modules[0]!.phases[0]).toMatchObject({ created: 3, done: 2 });
  });

  it('notifies a request again with all that its message says', async () => {
    const { bench, deps, executed } = open();
    const { nodeId, ...place } = await firstHop(bench);
    const value = { ...place, nodeId, stepIdx: 0, prefixRequest: 'p', attempts: 2 };
    expect(await overTheWire(deps, { $case: 'request', value })).toMatchObject({ $case: 'done' });
    expect(executed).toMatchObject([
      { kind: 'request', wakeUp: { kind: 'request', node: { id: nodeId }, epoch: 0, prefixRequest: 'p', attempts: 2 } },
    ]);
  });

  it.each([
    [new CatenaError('store.io_error', 'gone', { retryAfterMs: 70 }), 'store.io_error', 70],
    [new CatenaError('coordinator.unavailable', 'gone', { class: 'retryable' }), 'coordinator.unavailable', 0],
    [new TypeError('a fault of the engine'), 'dispatch.failed', 0],
  ])('is to be sent again when a backend fails (%s)', async (thrown, code, retryAfterMs) => {
    const { bench, deps } = open();
    await bench.accept();
    const execute = () => Promise.reject(thrown);
    const answer = await overTheWire({ ...deps, execute }, { $case: 'start', value: { runId: 'run-1' } });
    expect(answer).toMatchObject({ $case: 'failure', value: { code, class: ErrorClass.RETRYABLE, retryAfterMs } });
  });

  it('is refused for good for a run that nobody knows, or that cannot be executed here', async () => {
    const { bench, deps } = open();
    const unknown = await overTheWire(deps, { $case: 'start', value: { runId: 'nosuch' } });
    expect(unknown).toMatchObject({
      $case: 'failure',
      value: { code: 'ingress.unknown_run', class: ErrorClass.FATAL },
    });
    await bench.store.acceptRun({ ...(await bench.accept()).record, runId: 'run-9', modules: ['other@1.0.0'] });
    const other = await overTheWire(deps, { $case: 'start', value: { runId: 'run-9' } });
    expect(other).toMatchObject({ $case: 'failure', value: { code: 'module.unknown', class: ErrorClass.FATAL } });
  });

  it('of a kind that is not known here is to be sent to another', async () => {
    const { deps } = open();
    // Field 15, which a later release may use for another kind of dispatch.
    const later = ExecuteModuleRequest.decode(Buffer.from('08077a00', 'hex'));
    const answer = await answerDispatch(deps, dispatchCodec.decodeRequest(later).request.dispatch);
    expect(answer).toMatchObject({
      $case: 'failure',
      value: { code: 'dispatch.not_understood', class: ErrorClass.RETRYABLE },
    });
  });
});

describe('frames of the dispatch stream', () => {
  it('carry credit', () => {
    const event = dispatchCodec.encodeEvent({ kind: 'credit', count: 3 });
    expect(dispatchCodec.decodeEvent(event)).toEqual({ kind: 'credit', count: 3 });
  });

  it('carry what a server says when it could not even ask for an answer', () => {
    const error = new CatenaError('grpc.draining', 'the server stops', { class: 'retryable' });
    const event = dispatchCodec.encodeEvent({ kind: 'answer', id: 1, result: { isDone: false, error } });
    const frame = dispatchCodec.decodeEvent(event);
    expect(frame).toMatchObject({
      id: 1,
      result: {
        isDone: true,
        response: { $case: 'failure', value: { code: 'grpc.draining', class: ErrorClass.RETRYABLE } },
      },
    });
  });

  it('refuse what a later release says', () => {
    const later = ExecuteModuleResponse.decode(Buffer.from('7a00', 'hex'));
    expect(() => dispatchCodec.decodeEvent(later)).toThrow(
      expect.objectContaining({ code: 'dispatch.not_understood' }),
    );
  });
});

describe('the service', () => {
  it('describes its modules, and serves its stream with the answers above', async () => {
    const { bench, deps } = open();
    await bench.accept();
    let answer: ((request: DispatchRequest) => Promise<DispatchResponse>) | undefined;
    const serveStream: ModuleProcessorApiDeps<unknown>['serveStream'] = (answering) => {
      answer = answering;
      return async function* () {};
    };
    const api = createModuleProcessorApi({ ...deps, modules: bench.registry, serveStream });
    expect(await api.describeModules({}, undefined as never)).toMatchObject({ modules: [{ moduleId: 'shop@1.0.0' }] });
    expect(await answer!({ dispatch: { $case: 'start', value: { runId: 'run-1' } }, trace: {} })).toEqual({
      $case: 'done',
      value: {},
    });
  });
});
