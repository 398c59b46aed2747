import { CatenaError } from '../../errors/catena-error.ts';
import { MAX_CHILDREN } from './commits.ts';
import type { NodeSeed } from './node.ts';

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
