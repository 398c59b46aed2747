/** The spans of the stages. Called only while tracing is on. */
import type { Receiver } from '../../bus/port.ts';
import type { MessageTo } from '../../contracts/chain.ts';
import type { ExecutionContext, TaskRef } from '../../contracts/messages.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { Failure } from '../../errors/failure.ts';
import { SPANS } from '../../telemetry/span-names.ts';
import { failSpan, inSpan, isTracing, type SpanFields, writeRunSpan } from '../../telemetry/spans.ts';
import type { HeldNode } from '../execution/lease.ts';
import type { AnyOutcome } from '../execution/outcome.ts';
import type { Dispatch } from '../messages/dispatch.ts';

/** Handles a message in its stage's span. For a task it also writes the root of the run's trace. */
export function inMessageSpan<S extends Receiver>(
  stage: S,
  message: MessageTo<S>,
  work: () => Promise<void>,
): Promise<void> {
  const received = message as MessageTo<Receiver>;
  const { runId, fields } = describe(received);
  if (received.kind === 'task') writeRunSpan(received.model.runId, received.model.createdAtMs, fields);
  return inSpan({ name: SPANS[stage], runId, fields, isConsumer: true }, work);
}

/** Executes a hand-over in a span below that of the previous stage. */
export function inHandOverSpan(
  stage: Receiver | 'module-processor',
  { run, lease }: HeldNode,
  work: () => Promise<void>,
): Promise<void> {
  const fields = { ...nodeFields(lease.node), task_id: run.task.taskId };
  return inSpan({ name: SPANS[stage], runId: run.task.runId, fields, isConsumer: false }, work);
}

/** Wraps each dispatch to the module-processor in a span of its own. */
export function tracedDispatch(execute: (dispatch: Dispatch) => Promise<void>): (dispatch: Dispatch) => Promise<void> {
  return (dispatch) => {
    if (!isTracing()) return execute(dispatch);
    const { run } = dispatch;
    const fields = { ...taskFields(run.task), dispatch: dispatch.kind, ...dispatchFields(dispatch) };
    const span = { name: SPANS['module-processor'], runId: run.task.runId, fields, isConsumer: false };
    return inSpan(span, () => execute(dispatch));
  };
}

/** Notes a node's recorded failure; `recorded` is the coordinator's answer. */
export function noteFailure(node: ChainNode, task: TaskRef, failure: Failure, recorded: string): void {
  const { code, class: failureClass, message, stage } = failure;
  const fields = { ...taskFields(task), ...nodeFields(node), commit: recorded, failed_in: stage, class: failureClass };
  failSpan(code, message, fields);
}

/** The span fields of an outcome. */
export function outcomeFields(outcome: AnyOutcome): SpanFields {
  switch (outcome.kind) {
    case 'next':
      return { decision: 'next', messages: outcome.messages.length };
    case 'fail':
      return { decision: 'fail' };
    case 'retry':
      return { decision: 'retry', reason: outcome.reason, delay_ms: outcome.delayMs };
    case 'skip':
      return { decision: 'skip', reason: outcome.reason };
    case 'terminate':
      return { decision: 'terminate', reason: outcome.reason, scope: outcome.scope };
  }
}

interface Described {
  readonly runId: string | undefined;
  readonly fields: SpanFields;
}

function describe(message: MessageTo<Receiver>): Described {
  switch (message.kind) {
    case 'task': {
      const { runId, taskId } = message.model;
      return described({ runId, taskId }, undefined, { message: message.kind });
    }
    case 'request': {
      const { id, task, context, prefixRequest } = message.model;
      return described(task, context, { message: message.kind, request_id: id, prefix_request: prefixRequest });
    }
    case 'response': {
      const { requestId, task, context, prefixRequest } = message.model;
      return described(task, context, { message: message.kind, request_id: requestId, prefix_request: prefixRequest });
    }
    case 'parser_task': {
      const { id, task, context, prefixRequest } = message.model;
      return described(task, context, { message: message.kind, hop_id: id, prefix_request: prefixRequest });
    }
    case 'error':
    case 'error_task': {
      const { id, isRequest, task, context, prefixRequest, attempts } = message.model;
      const ofNode = { [isRequest ? 'request_id' : 'hop_id']: id, prefix_request: prefixRequest, attempts };
      return described(task, context, { message: message.kind, ...ofNode });
    }
  }
}

/** A foreign message may lack required fields: its handler refuses it, and its span shows the fields that it has. */
function described(
  task: Pick<TaskRef, 'runId' | 'taskId'> | undefined,
  context: ExecutionContext | undefined,
  more: SpanFields,
): Described {
  const ofTask = task === undefined ? {} : taskFields(task);
  const ofStep =
    context === undefined ? {} : { module_id: context.moduleId, step_idx: context.stepIdx, epoch: context.epoch };
  return { runId: task?.runId, fields: { ...ofTask, ...ofStep, ...more } };
}

function taskFields({ runId, taskId }: Pick<TaskRef, 'runId' | 'taskId'>): SpanFields {
  return { run_id: runId, task_id: taskId };
}

function dispatchFields(dispatch: Dispatch): SpanFields {
  switch (dispatch.kind) {
    case 'start':
      return {};
    case 'hop':
      return { module_id: dispatch.node.moduleId, hop_id: dispatch.node.id, epoch: dispatch.epoch };
    case 'request':
      return {
        module_id: dispatch.wakeUp.node.moduleId,
        request_id: dispatch.wakeUp.node.id,
        epoch: dispatch.wakeUp.epoch,
      };
  }
}

/** The fields of each log line and span about a node. */
export function nodeFields(node: ChainNode): Record<string, string | number> {
  return {
    run_id: node.runId,
    module_id: node.moduleId,
    step_idx: node.stepIdx,
    [node.kind === 'request' ? 'request_id' : 'hop_id']: node.id,
    prefix_request: node.prefixRequest,
    epoch: node.epoch,
  };
}
