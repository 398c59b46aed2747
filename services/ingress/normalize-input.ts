import type { MessageTo } from '../../libs/contracts/chain.ts';
import { malformed } from '../../libs/contracts/malformed.ts';
import type { ExecutionContext, TaskRef } from '../../libs/contracts/messages.ts';
import type { NodeRef } from '../../libs/coordination/protocol/node.ts';

/** The common form of the three input messages. */
export interface ChainInput {
  readonly kind: 'task' | 'parser_task' | 'error_task';
  readonly runId: string;
  /** The node to execute; undefined for a task, whose run is to be opened. */
  readonly target: ChainTarget | undefined;
}

export interface ChainTarget {
  readonly task: TaskRef;
  readonly metadata: Record<string, string>;
  readonly node: NodeRef;
  readonly isRequest: boolean;
  readonly epoch: number;
  readonly stepIdx: number;
  readonly prefixRequest: string;
  readonly attempts: number;
}

/** Throws `ingress.malformed_input` for a message that breaks the contract, naming the field. */
export function normalizeInput(message: MessageTo<'ingress'>): ChainInput {
  const error = malformed(message, 'ingress');
  if (error !== undefined) throw error;
  switch (message.kind) {
    case 'task':
      return { kind: 'task', runId: message.model.runId, target: undefined };
    case 'parser_task': {
      const target = targetOf(message.model);
      return { kind: 'parser_task', runId: target.node.runId, target: { ...target, isRequest: false, attempts: 0 } };
    }
    case 'error_task': {
      const target = targetOf(message.model);
      const { isRequest, attempts } = message.model;
      return { kind: 'error_task', runId: target.node.runId, target: { ...target, isRequest, attempts } };
    }
  }
}

/** The fields that both node messages have in common; {@link malformed} has checked them. */
interface NodeModel {
  readonly id: string;
  readonly task?: TaskRef | undefined;
  readonly context?: ExecutionContext | undefined;
  readonly prefixRequest: string;
  readonly metadata: Record<string, string>;
}

function targetOf({ id, task, context, prefixRequest, metadata }: NodeModel) {
  const { moduleId, phase, epoch, stepIdx } = context!;
  return {
    task: task!,
    metadata,
    node: { id, runId: task!.runId, moduleId, phase },
    epoch,
    stepIdx,
    prefixRequest,
  };
}
