/** Commits executions and creates their children. */
import { EVENTS } from '../../contracts/events.ts';
import { assertChildren, invariantBroken } from '../protocol/assertions.ts';
import type { Held } from '../protocol/claims.ts';
import {
  CommitCode,
  type CommitCommand,
  type CommitOutcome,
  MAX_CHILDREN,
  NOTHING_PUMPED,
  PumpCode,
  type PumpCommand,
  type PumpOutcome,
  refusedCommit,
  StageCode,
} from '../protocol/commits.ts';
import type { ChainNode, NodeSeed } from '../protocol/node.ts';
import type { WakeUp } from '../protocol/outcome.ts';
import { countUsage } from './caps.ts';
import { type Created, createChildren, type HandOver } from './children.ts';
import { advancePhases, endDead, endDone } from './phases.ts';
import { type NodeRow, toChainNode } from './tables/node-row.ts';
import type { ModuleScope } from './tables/scopes.ts';
import { assertCounted, type Found, findNode, isLive, refOf, type Tx } from './tx.ts';
import { phaseToFill } from './window.ts';

export function stageChildren(tx: Tx, { node, token, children }: Held & { readonly children: readonly NodeSeed[] }) {
  const found = findNode(tx, node);
  if (found === undefined || found.row.state !== 'processing' || found.row.token !== token) {
    return StageCode.FENCING_REJECT;
  }
  if (!isLive(found)) return StageCode.FENCING_REJECT;
  assertChildren(children, found.phase.idx, found.module.phases.length);
  tx.staged.add(found.row, children);
  return StageCode.STAGED;
}

/** With `cutsItems` no more items are kept than the run's cap allows: the caller stores as many in this transaction. */
export function commitSuccess(tx: Tx, command: CommitCommand, cutsItems = false): CommitOutcome {
  const found = findNode(tx, command.node);
  if (found === undefined || found.row.token !== command.token) return refusedCommit(CommitCode.FENCING_REJECT);
  const { row, phase, module } = found;
  if (row.state === 'done' || row.state === 'releasing') return repeated(tx, found, command);
  if (row.death_reason === 'left_out' && row.committed_token === command.token) return repeated(tx, found, command);
  if (row.state !== 'processing') {
    return refusedCommit(row.state === 'dead' ? CommitCode.CAS_CONFLICT : CommitCode.FENCING_REJECT);
  }
  if (!isLive(found)) return refusedCommit(CommitCode.CAS_CONFLICT);
  if (tx.staged.countForCommit(row) !== command.staged) return refusedCommit(CommitCode.FENCING_REJECT);
  assertChildren(command.children, phase.idx, module.phases.length);
  assertCounted(tx, found);

  row.committed_token = row.token;
  countExecution(tx, found);
  const items = countUsage(tx, found, command.usage, cutsItems);
  const parent = { phase, row };
  const created = createChildren(tx, command.children, parent, command.wakeUps, handOver(tx, found, command));
  row.handed_over = created.handedOver?.id ?? '';
  if (command.staged > 0) {
    row.state = 'releasing';
    row.due_at = tx.clock.now() + tx.policy.dispatchGraceMs;
    tx.nodes.save(row);
  } else if (isOnlyLeftOut(row, created, command)) {
    endDead(tx, row, phase, 'left_out');
  } else {
    endDone(tx, row, phase);
  }
  const opened = command.staged > 0 ? [] : advancePhases(tx, module);
  return {
    code: CommitCode.COMMIT_OK,
    wakeUps: [...created.wakeUps, ...opened],
    ...(created.handedOver === undefined ? {} : { next: toNode(tx, created.handedOver) }),
    released: created.released,
    created: created.fresh.length + created.reopened,
    gateLost: created.gateLost,
    leftOut: created.leftOut,
    items,
    releasing: command.staged > 0,
    ...toFill(tx, module),
  };
}

/** Whether nothing of a hop is left, because all that it asks for is beyond a cap. */
function isOnlyLeftOut({ kind }: NodeRow, created: Created, { usage }: CommitCommand): boolean {
  if (kind !== 'hop' || created.leftOut === 0 || (usage?.items ?? 0) > 0) return false;
  return created.fresh.length + created.reopened + created.gateLost === 0;
}

/** Names the phase for whose ready nodes there is room after this transition. */
function toFill(tx: Tx, module: ModuleScope): { readonly toFill?: number } {
  const phase = phaseToFill(tx, module);
  return phase === undefined ? {} : { toFill: phase.idx };
}

function countExecution(tx: Tx, { row, module, run }: Found): void {
  module.executions += 1;
  module.errorStreak = 0;
  run.executions += 1;
  tx.scopes.touchModule(module);
  tx.scopes.touchRun(run);
  if (row.step_idx <= module.highestStep) return;
  module.highestStep = row.step_idx;
  tx.events.appendOfStep(module, EVENTS.ModuleStepAdvanced.type, row.step_idx, tx.clock.now());
}

/** Claims an only child for its committer, if a claim would answer EXECUTE. */
function handOver(tx: Tx, { module, run }: Found, command: CommitCommand): HandOver | undefined {
  if (command.children.length !== 1 || run.paused || module.cooldownUntilMs > tx.clock.now()) return undefined;
  return command.handOver;
}

function toNode(tx: Tx, row: NodeRow): ChainNode {
  return toChainNode(row, tx.scopes.phase(row.phase_no));
}

/** The answer of the first call, as far as it is still valid. */
function repeated(tx: Tx, { row }: Found, command: CommitCommand): CommitOutcome {
  const child = row.handed_over === '' ? undefined : tx.nodes.find(row.handed_over);
  const held = child?.state === 'processing' && child.owner === command.handOver?.owner;
  return {
    ...refusedCommit(CommitCode.ALREADY_COMMITTED),
    ...(held ? { next: toNode(tx, child) } : {}),
    releasing: row.state === 'releasing',
  };
}

/** Asserts at read what was asserted when the children were staged. */
function assertKept(seeds: readonly NodeSeed[], { row, phase, module }: Found): void {
  for (const seed of seeds) {
    if (seed.phase >= phase.idx && seed.phase < module.phases.length) continue;
    throw invariantBroken('I5', refOf(row, phase), `${seed.id} was staged for phase ${seed.phase}`);
  }
}

export function childrenPump(tx: Tx, { node, wakeUps }: PumpCommand): PumpOutcome {
  const found = findNode(tx, node);
  // Under a mark no child is created: the node is ended with its scope.
  if (found === undefined || found.row.state !== 'releasing' || !isLive(found)) {
    return NOTHING_PUMPED;
  }
  const { row, phase, module } = found;
  assertCounted(tx, found);
  const seeds = tx.staged.take(row, MAX_CHILDREN);
  assertKept(seeds, found);
  const created = createChildren(tx, seeds, { phase, row }, wakeUps);
  const others = tx.staged.deleteOthers(row, MAX_CHILDREN);
  const more = others || tx.staged.count(row) > 0;
  const opened: WakeUp[] = [];
  if (more) {
    row.due_at = tx.clock.now() + tx.policy.dispatchGraceMs;
    tx.nodes.save(row);
  } else {
    endDone(tx, row, phase);
    opened.push(...advancePhases(tx, module));
  }
  tx.staged.forget(row.token);
  const { fresh, reopened, gateLost, leftOut, released } = created;
  return {
    code: PumpCode.MOVED,
    wakeUps: [...created.wakeUps, ...opened],
    released,
    created: fresh.length + reopened,
    gateLost,
    leftOut,
    more,
    ...toFill(tx, module),
  };
}
