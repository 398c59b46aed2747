/** The spans of the stages. Called only while tracing is on. */
import type { Receiver } from '../../bus/port.ts';
import type { MessageTo } from '../../contracts/chain.ts';
import type { ExecutionContext, TaskRef } from '../../contracts/messages.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { Failure } from '../../errors/failure.ts';
import { destinationOf, NOTIFY, OPEN, OPERATIONS, SUBMIT } from '../../telemetry/span-names.ts';
import {
  failSpan,
  inSpan,
  isTracing,
  noteOnSpan,
  renameSpan,
  type SpanFields,
  writeRunSpan,
} from '../../telemetry/spans.ts';
import type { HeldNode } from '../execution/lease.ts';
import type { AnyOutcome } from '../execution/outcome.ts';
import { type Dispatch, isPutOff } from '../messages/dispatch.ts';
import type { LoadedRun } from '../run/runs.ts';

/**
 * Handles a message in its stage's span; it has waited here for its limits and for a slot. For a task it also writes the root of the
 * run's trace.
 */
export function inMessageSpan<S extends Receiver>(
  stage: S,
  message: MessageTo<S>,
  waitedMs: number,
  work: () => Promise<void>,
): Promise<void> {
  const received = message as MessageTo<Receiver>;
  const { runId, node, destination, fields } = describe(received);
  if (received.kind === 'task') {
    writeRunSpan(`${SUBMIT} ${destination}`, received.model.runId, received.model.createdAtMs, fields);
  }
  const name = `${OPERATIONS[stage]} ${destination}`;
  const waited = { ...fields, waited_ms: Math.round(waitedMs) };
  const isOfFailure = stage === 'error-threshold';
  return inSpan({ name, runId, node, fields: waited, cause: 'consumer', isOfFailure }, work);
}

/** Executes a hand-over in a span below that of the previous stage. */
export function inHandOverSpan(
  stage: Receiver | 'module-processor',
  { run, lease }: HeldNode,
  work: () => Promise<void>,
): Promise<void> {
  const { node } = lease;
  const step = stepOf(run, node.moduleId, node.stepIdx);
  const fields = { ...nodeFields(node), task_id: run.task.taskId, step };
  const name = `${OPERATIONS[stage]} ${destinationOf(node.moduleId, step)}`;
  const span = { name, runId: run.task.runId, node: { id: node.id, isHop: node.kind === 'hop' }, fields };
  return inSpan({ ...span, cause: 'internal' }, work);
}

/** What the module-processor does with each kind of dispatch. */
const DISPATCHED = { start: OPEN, hop: OPERATIONS['module-processor'], request: NOTIFY } as const;

/** Wraps each dispatch to the module-processor in a span of its own. */
export function tracedDispatch(execute: (dispatch: Dispatch) => Promise<void>): (dispatch: Dispatch) => Promise<void> {
  return (dispatch) => {
    if (!isTracing()) return execute(dispatch);
    const { run } = dispatch;
    const { node, destination, more } = dispatched(dispatch);
    const fields = { ...taskFields(run.task), dispatch: dispatch.kind, ...more };
    const name = `${DISPATCHED[dispatch.kind]} ${destination}`;
    const span = { name, runId: run.task.runId, node, fields, cause: 'internal', isExpected: isPutOff } as const;
    return inSpan(span, () => execute(dispatch));
  };
}

/** Names the span of a stage after the step of its node, which is known once the run is loaded and the node is claimed. */
export function noteStep(
  stage: keyof typeof OPERATIONS,
  run: LoadedRun | undefined,
  { moduleId, stepIdx }: { readonly moduleId: string; readonly stepIdx: number },
): void {
  if (run === undefined) return;
  const step = stepOf(run, moduleId, stepIdx);
  renameSpan(`${OPERATIONS[stage]} ${destinationOf(moduleId, step)}`);
  noteOnSpan({ step });
}

function stepOf(run: LoadedRun, moduleId: string, stepIdx: number): string {
  return run.modules.get(moduleId)?.definition.steps[stepIdx]?.name ?? 'start';
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
      return { decision: outcome.decision ?? 'next', messages: outcome.messages.length };
    case 'fail':
      return { decision: 'fail' };
    case 'retry':
      return { decision: 'return', reason: outcome.reason, delay_ms: outcome.delayMs };
    case 'skip':
      return { decision: 'skip', reason: outcome.reason };
    case 'terminate':
      return { decision: 'terminate', reason: outcome.reason, scope: outcome.scope };
  }
}

interface Described {
  readonly runId: string | undefined;
  readonly node: { readonly id: string; readonly isHop: boolean } | undefined;
  readonly destination: string;
  readonly fields: SpanFields;
}

function describe(message: MessageTo<Receiver>): Described {
  const { kind } = message;
  switch (kind) {
    case 'task': {
      const { runId, taskId, modules } = message.model;
      const destination = destinationOfAll(modules);
      return { runId, node: undefined, destination, fields: { ...taskFields({ runId, taskId }), message: kind } };
    }
    case 'request': {
      const { id, task, context, prefixRequest } = message.model;
      return described(kind, { task, context, id, prefixRequest, isHop: false });
    }
    case 'response': {
      const { requestId: id, task, context, prefixRequest } = message.model;
      return described(kind, { task, context, id, prefixRequest, isHop: false });
    }
    case 'parser_task': {
      const { id, task, context, prefixRequest } = message.model;
      return described(kind, { task, context, id, prefixRequest, isHop: true });
    }
    case 'error':
    case 'error_task': {
      const { id, isRequest, task, context, prefixRequest, attempts } = message.model;
      const { fields, ...of } = described(kind, { task, context, id, prefixRequest, isHop: !isRequest });
      return { ...of, fields: { ...fields, attempts } };
    }
  }
}

interface DescribedNode {
  readonly task: Pick<TaskRef, 'runId' | 'taskId'> | undefined;
  readonly context: ExecutionContext | undefined;
  readonly id: string;
  readonly prefixRequest: string;
  readonly isHop: boolean;
}

/** A foreign message may lack required fields: its handler refuses it, and its span shows the fields that it has. */
function described(message: string, { task, context, id, prefixRequest, isHop }: DescribedNode): Described {
  const ofTask = task === undefined ? {} : taskFields(task);
  const ofStep =
    context === undefined ? {} : { module_id: context.moduleId, step_idx: context.stepIdx, epoch: context.epoch };
  const ofNode = { [isHop ? 'hop_id' : 'request_id']: id, prefix_request: prefixRequest };
  return {
    runId: task?.runId,
    node: { id, isHop },
    destination: destinationOf(context?.moduleId ?? ''),
    fields: { ...ofTask, ...ofStep, message, ...ofNode },
  };
}

/** The destination of a whole run. */
function destinationOfAll(modules: readonly string[]): string {
  const [only, ...more] = modules;
  return only !== undefined && more.length === 0 ? destinationOf(only) : `${modules.length} modules`;
}

function taskFields({ runId, taskId }: Pick<TaskRef, 'runId' | 'taskId'>): SpanFields {
  return { run_id: runId, task_id: taskId };
}

function dispatched(dispatch: Dispatch): Pick<Described, 'node' | 'destination'> & { readonly more: SpanFields } {
  switch (dispatch.kind) {
    case 'start': {
      const destination = destinationOfAll([...dispatch.run.modules.keys()]);
      return { node: undefined, destination, more: {} };
    }
    case 'hop': {
      const { node, epoch } = dispatch;
      const destination = destinationOf(node.moduleId);
      const more = { module_id: node.moduleId, hop_id: node.id, epoch };
      return { node: { id: node.id, isHop: true }, destination, more };
    }
    case 'request': {
      const { node, epoch, stepIdx } = dispatch.wakeUp;
      const step = stepOf(dispatch.run, node.moduleId, stepIdx);
      const more = { module_id: node.moduleId, request_id: node.id, epoch, step };
      return { node: { id: node.id, isHop: false }, destination: destinationOf(node.moduleId, step), more };
    }
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
