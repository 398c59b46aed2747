/**
 * Checks the messages of a run: the run id never changes, module and step locate the work, and the prefix request is kept. A
 * message that violates this becomes a dead letter with the reason given here.
 */
import type { ChainMessage, Message } from './chain.ts';
import type { ExecutionContext, TaskRef } from './messages.ts';

/** A fault of a message: the field by its `proto/` name, and a sentence. */
export interface MessageFault {
  readonly field: string;
  readonly reason: string;
}

/** A module's first step is 0; its start is one below, and the hop that ends it as failed another one below. */
const FIRST_STEP_IDX = -2;

/** Returns the fault of a message by itself; undefined when it is valid. Never throws. */
export function messageFault(message: ChainMessage): MessageFault | undefined {
  switch (message.kind) {
    case 'task':
      return taskFault(message);
    case 'parser_task':
      return missing('id', message.model.id) ?? nodeFault(message.model.task, message.model.context);
    case 'request':
    case 'response':
      return exchangeFault(message);
    case 'error_task':
    case 'error':
      return errorFault(message);
  }
}

/**
 * Returns the fault of a message as an answer to another one, when both are valid by themselves; undefined when there is none.
 *
 * Both belong to the same run. A response and an error are about the same node: module, step and prefix request are kept, and an
 * error does not change the metadata.
 */
export function successionFault(received: ChainMessage, sent: ChainMessage): MessageFault | undefined {
  const runId = runIdOf(sent);
  if (runId !== runIdOf(received)) return changed('run_id', runIdOf(received), runId);
  if (received.kind === 'task' || sent.kind === 'task') return undefined;
  if (nodeIdOf(sent) !== nodeIdOf(received)) return undefined;
  return placeFault(received, sent) ?? metadataFault(received, sent);
}

/** The run of a message; empty if the message names none. */
export function runIdOf(message: ChainMessage): string {
  switch (message.kind) {
    case 'task':
    case 'request':
    case 'response':
      return message.model.runId;
    default:
      return message.model.task?.runId ?? '';
  }
}

/** The node of a message. */
export function nodeIdOf(message: Exclude<ChainMessage, { kind: 'task' }>): string {
  return message.kind === 'response' ? message.model.requestId : message.model.id;
}

function taskFault({ model }: Message<'task'>): MessageFault | undefined {
  const fault = missing('task_id', model.taskId) ?? missing('run_id', model.runId);
  if (fault !== undefined) return fault;
  return model.modules.length === 0 ? { field: 'modules', reason: 'names no module' } : undefined;
}

function exchangeFault(message: Message<'request' | 'response'>): MessageFault | undefined {
  const { runId, task, context } = message.model;
  const idField = message.kind === 'request' ? 'id' : 'request_id';
  const fault = missing(idField, nodeIdOf(message)) ?? missing('run_id', runId) ?? nodeFault(task, context);
  if (fault !== undefined) return fault;
  return task?.runId === runId ? undefined : changed('task.run_id', runId, task?.runId ?? '');
}

function errorFault({ model }: Message<'error' | 'error_task'>): MessageFault | undefined {
  const fault = missing('id', model.id) ?? nodeFault(model.task, model.context);
  if (fault !== undefined) return fault;
  if (model.context?.stayCurrentStep !== true) {
    return { field: 'context.stay_current_step', reason: 'is false on an error, which must stay at its step' };
  }
  if (model.error === undefined) return { field: 'error', reason: 'is missing' };
  return missing('error.code', model.error.code);
}

function nodeFault(task: TaskRef | undefined, context: ExecutionContext | undefined): MessageFault | undefined {
  if (task === undefined) return { field: 'task', reason: 'is missing' };
  if (context === undefined) return { field: 'context', reason: 'is missing' };
  return (
    missing('task.task_id', task.taskId) ??
    missing('task.run_id', task.runId) ??
    missing('context.module_id', context.moduleId) ??
    atLeast('context.step_idx', context.stepIdx, FIRST_STEP_IDX) ??
    atLeast('context.phase', context.phase, 0) ??
    atLeast('context.epoch', context.epoch, 0)
  );
}

type NodeMessage = Exclude<ChainMessage, { kind: 'task' }>;

function placeFault(received: NodeMessage, sent: NodeMessage): MessageFault | undefined {
  const before = received.model;
  const after = sent.model;
  if (after.context?.moduleId !== before.context?.moduleId) {
    return changed('context.module_id', before.context?.moduleId, after.context?.moduleId);
  }
  if (after.context?.stepIdx !== before.context?.stepIdx) {
    return changed('context.step_idx', before.context?.stepIdx, after.context?.stepIdx);
  }
  if (after.prefixRequest !== before.prefixRequest) {
    return changed('prefix_request', before.prefixRequest, after.prefixRequest);
  }
  return undefined;
}

function metadataFault(received: NodeMessage, sent: NodeMessage): MessageFault | undefined {
  if (!('metadata' in received.model) || !('metadata' in sent.model)) return undefined;
  const before = received.model.metadata;
  const after = sent.model.metadata;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of names) {
    if (before[name] !== after[name]) return changed(`metadata.${name}`, before[name], after[name]);
  }
  return undefined;
}

function missing(field: string, text: string): MessageFault | undefined {
  return text === '' ? { field, reason: 'is empty' } : undefined;
}

function atLeast(field: string, value: number, minimum: number): MessageFault | undefined {
  if (Number.isInteger(value) && value >= minimum) return undefined;
  return { field, reason: `is ${value}, but must be an integer of at least ${minimum}` };
}

function changed(field: string, before: unknown, after: unknown): MessageFault {
  return { field, reason: `changed from ${JSON.stringify(before)} to ${JSON.stringify(after)} on the way` };
}
