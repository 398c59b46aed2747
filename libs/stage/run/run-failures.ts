/** The failures of a run, summed up by kind: for its end, its state, and the explanation of it. */

import { decodeRequest } from '../../calls/node-body.ts';
import { type ChainNode, isFailure } from '../../coordination/protocol/node.ts';
import type { Failure } from '../../errors/failure.ts';
import { cutText } from '../../errors/thrown.ts';
import { FailureKinds, type FailureSeen, isConsequence } from '../../explain/failures.ts';
import type { DeadLetter, RunFailure } from '../../store/port.ts';
import { failureOf } from './crash-failure.ts';

/** The most kinds that are kept with the end of a run; its dead letters have them all. */
const KEPT_KINDS = 20;
const KEPT_MESSAGE_CHARS = 500;

/** The sentences for nodes that did not fail by themselves. */
const REASONS: Readonly<Record<string, string>> = {
  deadline_exceeded: 'the deadline came before it was done',
  terminated: 'its module or task was terminated before it was done',
  cancelled: 'the run was cancelled before it was done',
};

/** A failed node, as it is summed up. `step` is the position of the step in its module. */
export interface NodeFailure extends FailureSeen {
  readonly nodeId: string;
  readonly stepIdx: number;
  /** Set for a request. */
  readonly url: string | undefined;
}

/** What a node failed with: its recorded failure or, if it has none, the reason of its death. */
export function nodeFailure({ moduleId, nodeId, stepIdx, kind, reason, body, error }: FailedNodeRecord): NodeFailure {
  const failure = error === '' ? undefined : (JSON.parse(error) as Failure);
  return {
    moduleId,
    nodeId,
    stepIdx,
    step: String(stepIdx),
    code: failure?.code ?? reason,
    message: failure?.message ?? REASONS[reason] ?? reason,
    at: typeof failure?.data?.at === 'string' ? failure.data.at : undefined,
    url: kind === 'request' ? decodeRequest(body).url : undefined,
  };
}

export type FailedNodeRecord = Pick<
  DeadLetter,
  'moduleId' | 'nodeId' | 'stepIdx' | 'kind' | 'reason' | 'body' | 'error'
>;

/** Sums up the failures of a run, one by one. */
export class RunFailures {
  readonly #kinds = new FailureKinds<NodeFailure>();

  add(record: FailedNodeRecord): void {
    this.#kinds.add(nodeFailure(record));
  }

  /** The kinds so far, the most frequent first; without nodes that only the end of the run, a module or a phase has ended. */
  list(): RunFailure[] {
    return this.#kinds
      .list()
      .filter((kind) => !isConsequence(kind))
      .slice(0, KEPT_KINDS)
      .map(({ moduleId, code, message, at, count, example: { stepIdx, nodeId, url } }) => ({
        ...{ moduleId, stepIdx, code, count, nodeId },
        message: cutText(message, KEPT_MESSAGE_CHARS),
        ...(at === undefined ? {} : { at }),
        ...(url === undefined ? {} : { url }),
      }));
  }
}

/**
 * The failures of an unfinished run: of nodes that died, and of nodes whose last execution failed and that wait for a decision or a
 * retry.
 */
export function failuresSoFar(nodes: Iterable<ChainNode>): RunFailure[] {
  const failures = new RunFailures();
  for (const node of nodes) {
    const waits = node.error !== '' && (node.state === 'failed' || node.state === 'retry');
    if ((waits || node.state === 'dead') && isFailure(node.deathReason)) failures.add(toDeadLetter(node));
  }
  return failures.list();
}

/** Whether a mark was set by a threshold. */
export function isThreshold(reason: string): boolean {
  return reason.startsWith('threshold: ');
}

/** Why a threshold was reached: its own sentence, and the most frequent failure. */
export function thresholdDetail(detail: string, [first]: readonly RunFailure[]): string {
  if (first === undefined || !isThreshold(detail)) return detail;
  return `${detail}; ${first.count} × ${first.code}: ${first.message}`;
}

/** A node as the dead letter that it is, or would be if it died now. */
export function toDeadLetter(node: ChainNode): DeadLetter {
  const { runId, moduleId, id, stepIdx, phase, kind, epoch, attempts, crashes, body } = node;
  return {
    runId,
    moduleId,
    nodeId: id,
    stepIdx,
    phase,
    kind,
    reason: node.deathReason,
    epoch,
    attempts,
    crashes,
    body,
    error: failureOf(node),
  };
}
