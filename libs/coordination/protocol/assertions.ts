/**
 * What a coordinator asserts. Children that a caller may not give are refused before anything is written. What must hold of the
 * state itself is asserted in pairs, where it is written and where it is read; a violation stops the transition of that one node,
 * and the node waits, open and due, for somebody to repair the state. Labels are those of `docs/internals/invariants.md`.
 */
import { CatenaError } from '../../errors/catena-error.ts';
import { MAX_CHILDREN } from './commits.ts';
import type { ChainNode, NodeRef, NodeSeed } from './node.ts';
import type { Bell } from './outcome.ts';

/** Refuses what no coordinator may accept, before anything is written: children of a node in `phase` of so many phases. */
export function assertChildren(children: readonly NodeSeed[], phase: number, phases: number): void {
  if (children.length > MAX_CHILDREN) {
    throw new CatenaError('coordination.too_many_children', `a commit carries ${children.length} children`, {
      remedy: `stage them first, at most ${MAX_CHILDREN} a call`,
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

/** What must hold of the state; each is defined in `docs/internals/invariants.md`. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5';

/** The error of a violated invariant: `node` is the one whose transition ends. */
export function invariantBroken(
  invariant: Invariant,
  node: Pick<NodeRef, 'id'> & Partial<NodeRef>,
  found: string,
): CatenaError {
  const { id, ...scope } = node;
  return new CatenaError('coordinator.invariant_broken', `${invariant} does not hold at node ${id}: ${found}`, {
    data: { invariant, nodeId: id, ...scope },
    remedy: 'audit the run, which repairs its counters and its due entries; the node then goes on by itself',
  });
}

/** Of a claim, as it is answered: its asker holds the node, by a token, until a time. */
export function assertLeased(node: ChainNode, asked: NodeRef, owner: string): void {
  if (node.id !== asked.id || node.state !== 'processing' || node.owner !== owner || node.token === '') {
    throw invariantBroken('I3', asked, `${owner} claimed it, and ${node.owner || 'nobody'} has it, ${node.state}`);
  }
  if (node.dueAtMs <= 0) throw invariantBroken('I2', asked, 'its lease has no end');
}

/** Of children that came into being: each of them is there, now or before. */
export function assertBorn(node: NodeRef, asked: number, created: number, gateLost: number): void {
  if (created + gateLost === asked) return;
  throw invariantBroken('I4', node, `${asked} children were asked for, ${created} created and ${gateLost} found`);
}

/** Of what a commit wakes up: nothing runs in a phase before its parent's. */
export function assertNotBefore(node: NodeRef, bells: readonly Bell[]): void {
  for (const bell of bells) {
    if (bell.node.phase >= node.phase) continue;
    throw invariantBroken('I5', node, `its phase ${node.phase} wakes up ${bell.node.id} of phase ${bell.node.phase}`);
  }
}
