/** What must be equal of two coordinators: outcomes and nodes without what each side may choose for itself. */

import type { ChainNode, NodeState } from '../../../libs/coordination/protocol/node.ts';
import type { ReleasedResponse, WakeUp } from '../../../libs/coordination/protocol/outcome.ts';

const TELLS_ERROR: ReadonlySet<NodeState> = new Set(['failed', 'retry', 'dead']);

/** A node with what is promised of it, at this instant; its tokens are in the left side's words already. */
export function normalNode(node: ChainNode, nowMs: number, isHeld: boolean): Record<string, unknown> {
  return {
    ...node,
    // By how much a node is overdue only orders the sweeper's looks; one that waits for its phase is not looked at.
    dueAtMs: isHeld ? 'held' : node.dueAtMs > 0 ? Math.max(node.dueAtMs, nowMs) : 0,
    // What a node that is done was executed with is of no use to anybody, and neither is a failure that was overcome.
    ...(node.state === 'done' ? { body: '', limitKey: '', owner: '' } : { body: sameJson(node.body) }),
    error: TELLS_ERROR.has(node.state) ? node.error : '',
  };
}

/**
 * Two bodies of one id say the same, though perhaps in another order: a hop that a parse yields and that also opens a phase
 * has one from each, and which of them it runs with when its phase opens again is nobody's promise.
 */
function sameJson(body: string): string {
  return canonical(JSON.parse(body));
}

/** An outcome whose lists are ordered: neither wake-ups nor released responses promise an order. */
export function normalOutcome(outcome: unknown): unknown {
  if (typeof outcome !== 'object' || outcome === null) return outcome;
  const { wakeUps, released, ...rest } = outcome as {
    readonly wakeUps?: readonly WakeUp[];
    readonly released?: readonly ReleasedResponse[];
  };
  return {
    ...rest,
    ...(wakeUps === undefined ? {} : { wakeUps: sorted(wakeUps) }),
    ...(released === undefined ? {} : { released: sorted(released) }),
  };
}

/** The same values in an order that depends on them alone. */
export function sorted<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, key: canonical(value) }))
    .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
    .map(({ value }) => value);
}

/** The value as text that does not depend on the order of its fields. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
