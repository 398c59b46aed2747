import { describe, expect, it } from 'vitest';
import type { ChainMessage, Message } from './chain.ts';
import { ErrorTaskModel, ParserTaskModel, RequestModel, ResponseModel, TaskModel } from './messages.ts';
import { messageFault, nodeIdOf, runIdOf, successionFault } from './validate.ts';

const task = { taskId: 't', runId: 'run-1', account: 'acme', platform: 'shop' };
const context = { moduleId: 'shop@1.0.0', stepIdx: 1, phase: 0, epoch: 2 };
const node = { task, context, prefixRequest: 'p' };
const metadata = { origin: 'cron' };

const submitted: Message<'task'> = { kind: 'task', model: TaskModel.fromPartial({ ...task, modules: ['shop'] }) };
const hop: Message<'parser_task'> = {
  kind: 'parser_task',
  model: ParserTaskModel.fromPartial({ ...node, id: 'h', metadata }),
};
const request: Message<'request'> = {
  kind: 'request',
  model: RequestModel.fromPartial({ ...node, id: 'q', runId: 'run-1' }),
};
const response: Message<'response'> = {
  kind: 'response',
  model: ResponseModel.fromPartial({ ...node, requestId: 'q', runId: 'run-1' }),
};
const failed = {
  ...node,
  id: 'h',
  metadata,
  context: { ...context, stayCurrentStep: true },
  error: { code: 'parse.threw' },
};
const error: Message<'error'> = { kind: 'error', model: ErrorTaskModel.fromPartial(failed) };
const retry: Message<'error_task'> = { kind: 'error_task', model: ErrorTaskModel.fromPartial(failed) };

/** A copy of a message with some of its model replaced. */
function but<M extends ChainMessage>(message: M, change: Partial<M['model']>): M {
  return { ...message, model: { ...message.model, ...change } };
}

describe('a message by itself', () => {
  it.each([submitted, hop, request, response, error, retry])('is sound as $kind', (message) => {
    expect(messageFault(message)).toBeUndefined();
  });

  it.each<[ChainMessage, string, string]>([
    [but(submitted, { taskId: '' }), 'task_id', 'is empty'],
    [but(submitted, { runId: '' }), 'run_id', 'is empty'],
    [but(submitted, { modules: [] }), 'modules', 'names no module'],
    [but(hop, { id: '' }), 'id', 'is empty'],
    [but(hop, { task: undefined }), 'task', 'is missing'],
    [but(hop, { context: undefined }), 'context', 'is missing'],
    [
      { ...hop, model: ParserTaskModel.fromPartial({ ...hop.model, task: { ...task, runId: '' } }) },
      'task.run_id',
      'is empty',
    ],
    [
      { ...hop, model: ParserTaskModel.fromPartial({ ...hop.model, context: { ...context, moduleId: '' } }) },
      'context.module_id',
      'is empty',
    ],
    [
      { ...hop, model: ParserTaskModel.fromPartial({ ...hop.model, context: { ...context, stepIdx: -3 } }) },
      'context.step_idx',
      'is -3, but must be an integer of at least -2',
    ],
    [
      { ...hop, model: ParserTaskModel.fromPartial({ ...hop.model, context: { ...context, epoch: -1 } }) },
      'context.epoch',
      'is -1, but must be an integer of at least 0',
    ],
    [but(request, { runId: 'run-2' }), 'task.run_id', 'changed from "run-2" to "run-1" on the way'],
    [but(response, { requestId: '' }), 'request_id', 'is empty'],
    [
      { ...error, model: ErrorTaskModel.fromPartial({ ...failed, context }) },
      'context.stay_current_step',
      'is false on an error, which must stay at its step',
    ],
    [but(error, { error: undefined }), 'error', 'is missing'],
    [{ ...retry, model: ErrorTaskModel.fromPartial({ ...failed, error: { code: '' } }) }, 'error.code', 'is empty'],
  ])('is refused with its field and reason (%#)', (message, field, reason) => {
    expect(messageFault(message)).toEqual({ field, reason });
  });

  it('never throws, not even for an empty model', () => {
    expect(messageFault({ kind: 'task', model: TaskModel.fromPartial({}) })).toBeDefined();
    expect(messageFault({ kind: 'parser_task', model: ParserTaskModel.fromPartial({}) })).toBeDefined();
    expect(messageFault({ kind: 'request', model: RequestModel.fromPartial({}) })).toBeDefined();
    expect(messageFault({ kind: 'response', model: ResponseModel.fromPartial({}) })).toBeDefined();
    expect(messageFault({ kind: 'error', model: ErrorTaskModel.fromPartial({}) })).toBeDefined();
  });
});

describe('a message as an answer', () => {
  it('is sound when it keeps run, module, step, prefix request and metadata', () => {
    expect(successionFault(request, response)).toBeUndefined();
    expect(successionFault(hop, error)).toBeUndefined();
    expect(successionFault(error, retry)).toBeUndefined();
  });

  it('may speak of another step when it is about another node', () => {
    const next = { ...hop, model: ParserTaskModel.fromPartial({ ...hop.model, id: 'h2', prefixRequest: 'q' }) };
    expect(successionFault(response, next)).toBeUndefined();
  });

  it.each<[ChainMessage, ChainMessage, string]>([
    [request, but(response, { runId: 'run-2' }), 'run_id'],
    [
      submitted,
      { ...hop, model: ParserTaskModel.fromPartial({ ...hop.model, task: { ...task, runId: 'x' } }) },
      'run_id',
    ],
    [request, but(response, { context: { ...response.model.context!, moduleId: 'other@1' } }), 'context.module_id'],
    [request, but(response, { context: { ...response.model.context!, stepIdx: 0 } }), 'context.step_idx'],
    [request, but(response, { prefixRequest: '' }), 'prefix_request'],
    [hop, but(error, { metadata: {} }), 'metadata.origin'],
    [hop, but(error, { metadata: { ...metadata, more: '1' } }), 'metadata.more'],
  ])('is refused when it changes what must be kept (%#)', (received, sent, field) => {
    expect(successionFault(received, sent)).toMatchObject({ field, reason: expect.stringContaining('changed from') });
  });
});

it('finds the run and the node of every kind', () => {
  expect([submitted, hop, request, response, error].map(runIdOf)).toEqual(Array(5).fill('run-1'));
  expect([hop, request, response, error].map(nodeIdOf)).toEqual(['h', 'q', 'q', 'h']);
});
