/** The windows of modules: which of their nodes are with the stages, and which stand ready in the coordinator. */
import type { NodeKind } from '../protocol/node.ts';
import { fillsBelow, windowSize } from '../protocol/policy.ts';
import { type ModuleScope, openCount, type PhaseScope, type RunScope } from './tables/scopes.ts';
import type { Tx } from './tx.ts';

const KINDS: readonly NodeKind[] = ['hop', 'request'];

/** How many more nodes of this kind may be inside the module's window; more are inside after single nodes were let in. */
export function windowRoom(tx: Tx, module: ModuleScope, kind: NodeKind): number {
  return Math.max(0, sizeOf(tx, module.run, kind) - insideOf(module, kind));
}

/** Without the phases that are not open: after an early opening they hold nodes that wait to be opened again. */
function insideOf({ phases, front }: ModuleScope, kind: NodeKind): number {
  let inside = 0;
  for (const phase of phases) if (phase.idx <= front) inside += phase.inside[kind];
  return inside;
}

function sizeOf({ policy }: Tx, run: RunScope, kind: NodeKind): number {
  return windowSize(policy, kind, run.modules.length);
}

/** How many ready nodes of a kind are to be let in: none while more than half of the window is taken. */
export function fillable(tx: Tx, { module, ready }: PhaseScope, kind: NodeKind): number {
  if (ready[kind] === 0 || insideOf(module, kind) > fillsBelow(sizeOf(tx, module.run, kind))) return 0;
  return windowRoom(tx, module, kind);
}

/**
 * The phase whose ready nodes the window has room for: the last one that is open, because what it waits for is done. Undefined when
 * there is none, or when nothing of the module is claimed now.
 */
export function phaseToFill(tx: Tx, module: ModuleScope): PhaseScope | undefined {
  const { run, phases, front, state } = module;
  if (state !== 'open' || run.state !== 'open' || run.mark !== '' || run.paused) return undefined;
  const isFilled = (phase: PhaseScope): boolean =>
    phase.idx <= front && openCount(phase) > 0 && KINDS.some((kind) => fillable(tx, phase, kind) > 0);
  return phases.findLast(isFilled);
}

/** The number of nodes that a run has had so far: the place of the next one. */
export function nextPlace({ modules }: RunScope): number {
  let created = 0;
  for (const { phases } of modules) for (const phase of phases) created += phase.created;
  return created;
}
