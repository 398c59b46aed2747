import type { Message } from '../../contracts/chain.ts';
import {
  CachePolicy,
  type ErrorTaskModel,
  type ExecutionContext,
  RenderMode,
  type RequestModel,
  type TaskRef,
} from '../../contracts/messages.ts';
import type { Dispatched } from '../../contracts/subjects.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { WakeUp } from '../../coordination/protocol/outcome.ts';
import type { Failure } from '../../errors/failure.ts';
import { toChainError } from './chain-error.ts';

/** The run of a message, and the metadata that its submitter attached. */
export interface MessageOrigin {
  readonly task: TaskRef;
  readonly metadata: Record<string, string>;
}

/**
 * The message of a wake-up. It names the node and carries no state: the claim returns the state from the coordinator.
 */
export function toMessage(wakeUp: WakeUp, origin: MessageOrigin): Dispatched<Message<WakeUp['kind']>> {
  const { dispatch } = wakeUp;
  const context = contextOf(wakeUp);
  const { id } = wakeUp.node;
  switch (wakeUp.kind) {
    case 'parser_task':
      return {
        kind: 'parser_task',
        dispatch,
        model: {
          id,
          task: origin.task,
          context,
          state: EMPTY_BYTES,
          prefixRequest: wakeUp.prefixRequest,
          metadata: origin.metadata,
          timestampMs: 0,
        },
      };
    case 'request':
      return { kind: 'request', dispatch, model: requestWakeUp(wakeUp, origin.task, context) };
    case 'error':
    case 'error_task': {
      const failure = JSON.parse(wakeUp.error) as Failure;
      return { kind: wakeUp.kind, dispatch, model: toErrorTask(wakeUp, origin, failure, Date.now()) };
    }
  }
}

/** The messages of a transition's wake-ups: they ask for an execution, never for a decision. */
export function childMessages(wakeUps: readonly WakeUp[], origin: MessageOrigin): Message<'parser_task' | 'request'>[] {
  const messages: Message<'parser_task' | 'request'>[] = [];
  for (const wakeUp of wakeUps) {
    const message = toMessage(wakeUp, origin);
    if (message.kind === 'parser_task' || message.kind === 'request') messages.push(message);
  }
  return messages;
}

/** The message that reports a node's failure. */
export function errorMessage(
  node: ChainNode,
  origin: MessageOrigin,
  failure: Failure,
  nowMs: number,
): Message<'error'> {
  return { kind: 'error', model: toErrorTask({ ...node, node, nodeKind: node.kind }, origin, failure, nowMs) };
}

/** The fields of a node that an ErrorTaskModel needs; wake-ups and nodes both have them. */
type FailedNode = Pick<WakeUp, 'node' | 'stepIdx' | 'epoch' | 'prefixRequest' | 'attempts' | 'nodeKind'>;

function toErrorTask(failed: FailedNode, origin: MessageOrigin, failure: Failure, nowMs: number): ErrorTaskModel {
  return {
    id: failed.node.id,
    task: origin.task,
    context: { ...contextOf(failed), stayCurrentStep: true },
    prefixRequest: failed.prefixRequest,
    error: toChainError(failure),
    attempts: failed.attempts,
    metadata: origin.metadata,
    timestampMs: nowMs,
    isRequest: failed.nodeKind === 'request',
  };
}

const EMPTY_BYTES = Buffer.alloc(0);

function contextOf({ node, stepIdx, epoch }: Pick<WakeUp, 'node' | 'stepIdx' | 'epoch'>): ExecutionContext {
  return { moduleId: node.moduleId, stepIdx, phase: node.phase, epoch, stayCurrentStep: false, branch: '' };
}

function requestWakeUp(wakeUp: WakeUp, task: TaskRef, context: ExecutionContext): RequestModel {
  return {
    id: wakeUp.node.id,
    runId: wakeUp.node.runId,
    task,
    context,
    prefixRequest: wakeUp.prefixRequest,
    method: '',
    url: '',
    headers: [],
    body: EMPTY_BYTES,
    session: '',
    timeoutMs: 0,
    limitKey: wakeUp.limitKey,
    breakerKey: '',
    priority: 0,
    cachePolicy: CachePolicy.UNSPECIFIED,
    renderMode: RenderMode.UNSPECIFIED,
  };
}
