/**
 * Assertions of a coordinator. Invalid children are refused before anything is written. Invariants of the state are asserted in
 * pairs, at write and at read. A violation stops the transition of that one node, which stays open and due until an audit repairs
 * the state. `docs/internals/invariants.md` defines the labels.
 */
import { CatenaError } from '../../errors/catena-error.ts';
import { MAX_CHILDREN } from './commits.ts';
import type { ChainNode, NodeRef, NodeSeed } from './node.ts';
import type { WakeUp } from './outcome.ts';

/** Refuses invalid children of a node in `phase`, of so many phases, before anything is written. */
export function assertChildren(children: readonly NodeSeed[], phase: number, phases: number): void {
  if (children.length > MAX_CHILDREN) {
    throw new CatenaError('coordination.too_many_children', `a commit carries ${children.length} children`, {
      remedy: `stage them first, at most ${MAX_CHILDREN} per call`,
    });
  }
  for (const child of children) {
    if (child.phase >= phase && child.phase < phases) continue;
    throw new CatenaError(
      'coordination.phase_out_of_range',
      `a node of phase ${phase} cannot have a child in phase ${child.phase}`,
      { remedy: 'hops go to their own phase or a later one' },
    );
  }
}

/** The asserted invariants; `docs/internals/invariants.md` defines each. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5';

/** The error of a violated invariant; `node` is the one whose transition is stopped. */
export function invariantBroken(
  invariant: Invariant,
  node: Pick<NodeRef, 'id'> & Partial<NodeRef>,
  found: string,
): CatenaError {
  const { id, ...scope } = node;
  return new CatenaError('coordinator.invariant_broken', `${invariant} does not hold at node ${id}: ${found}`, {
    data: { invariant, nodeId: id, ...scope },
    remedy: 'audit the run, which repairs its counters and its due entries; the node then continues by itself',
  });
}

/** Asserts of a claimed node that its owner holds it, by a token, until a time. */
export function assertLeased(node: ChainNode, asked: NodeRef, owner: string): void {
  if (node.id !== asked.id || node.state !== 'processing' || node.owner !== owner || node.token === '') {
    throw invariantBroken('I3', asked, `${owner} claimed it, and ${node.owner || 'nobody'} has it, ${node.state}`);
  }
  if (node.dueAtMs <= 0) throw invariantBroken('I2', asked, 'its lease has no end');
}

/** Asserts that each child exists: it was created now or before. */
export function assertCreated(node: NodeRef, asked: number, created: number, gateLost: number): void {
  if (created + gateLost === asked) return;
  throw invariantBroken('I4', node, `${asked} children were asked for, ${created} created and ${gateLost} found`);
}

/** Asserts that a commit wakes up no node of an earlier phase than its own. */
export function assertNotBefore(node: NodeRef, wakeUps: readonly WakeUp[]): void {
  for (const wakeUp of wakeUps) {
    if (wakeUp.node.phase >= node.phase) continue;
    throw invariantBroken(
      'I5',
      node,
      `its phase ${node.phase} wakes up ${wakeUp.node.id} of phase ${wakeUp.node.phase}`,
    );
  }
}
