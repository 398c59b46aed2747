/** Which transition may take a node from which state to which: the life cycle, as a table. */
import type { NodeState } from '../../../../libs/coordination/protocol/node.ts';
import type { RunView, Step } from './reading.ts';

type Move = `${NodeState} ${NodeState}`;

const OPEN: readonly NodeState[] = ['pending', 'processing', 'fetched', 'failed', 'retry', 'releasing'];

/** A superseded hop that its request yields again, and the opener of a phase that opens for the second time. */
const REVIVALS: readonly Move[] = ['dead pending', 'done pending'];

/** A compute hop that a later opening of its phase executes again, whoever has it now. */
const AGAIN: readonly Move[] = [
  ...REVIVALS,
  'processing pending',
  'fetched pending',
  'failed pending',
  'retry pending',
  'releasing pending',
];

const MOVES: Readonly<Record<Step['name'], readonly Move[]>> = {
  runOpen: [],
  claim: ['pending processing', 'fetched processing'],
  renew: [],
  release: ['processing fetched'],
  stageChildren: [],
  // Dead: a hop of which a cap has left nothing.
  commitSuccess: ['processing done', 'processing releasing', 'processing dead', ...AGAIN],
  commitError: ['processing failed'],
  recoverZombie: ['processing pending', 'processing dead', 'fetched pending', ...AGAIN],
  reorderEnqueue: [],
  thresholdDecide: ['failed retry', 'failed dead', ...AGAIN],
  retrySchedule: ['failed retry'],
  terminateMark: [],
  dueTake: ['retry pending'],
  windowFill: [],
  childrenPump: ['releasing done', ...AGAIN],
  scopeDrain: [...OPEN.map((state): Move => `${state} dead`), ...AGAIN],
  runControl: [],
  phaseClose: AGAIN,
  earlyOpen: AGAIN,
  runSettle: [],
  replay: AGAIN,
  runAudit: [],
};

/** Moves that the life cycle does not know, and lives that did not begin with a new epoch. */
export function moveViolations(before: RunView, after: RunView, step: Step): string[] {
  const violations: string[] = [];
  for (const [id, node] of after.nodes) {
    const was = before.nodes.get(id);
    if (was === undefined) continue;
    if (node.epoch < was.epoch) violations.push(`${id} went back from epoch ${was.epoch} to ${node.epoch}`);
    if (node.state === was.state) continue;
    const move: Move = `${was.state} ${node.state}`;
    if (!MOVES[step.name].includes(move)) violations.push(`${id} went from ${was.state} to ${node.state}`);
    const expected = was.epoch + (startsEpoch(id, move, step) ? 1 : 0);
    if (node.epoch !== expected) violations.push(`${id} has epoch ${node.epoch}, not ${expected}, after '${move}'`);
  }
  return violations;
}

/** A retry, a recovery, a lease given up, a revival and an execution that begins anew are each the node's next epoch. */
function startsEpoch(id: string, move: Move, step: Step): boolean {
  if (move === 'retry pending' && step.name === 'dueTake') return false;
  // Its response is lost, and still counts if it comes after all.
  if (move === 'fetched pending' && step.name === 'recoverZombie' && step.command.node.id === id) return false;
  return move === 'failed retry' || AGAIN.includes(move);
}
