/** Claims, renews, releases, abandons and recovers nodes. */
import {
  AbandonCode,
  ClaimCode,
  type ClaimCommand,
  type ClaimOutcome,
  type Held,
  RecoverCode,
  type RecoverCommand,
  type RecoverOutcome,
  ReleaseCode,
  RenewCode,
  ReorderCode,
  type ReorderCommand,
  type ReorderOutcome,
  SUSPECT_AFTER,
} from '../protocol/claims.ts';
import { dispatchGraceMs } from '../protocol/policy.ts';
import { advancePhases, endDead } from './phases.ts';
import { type NodeRow, toChainNode } from './tables/node-row.ts';
import { assertCounted, type Found, findNode, isHeld, isLive, pendingWakeUp, type Tx } from './tx.ts';

export function claim(tx: Tx, command: ClaimCommand): ClaimOutcome {
  const run = tx.scopes.run(command.node.runId);
  if (run === undefined || run.state !== 'open') return { code: ClaimCode.RUN_CLOSED };
  const found = findNode(tx, command.node);
  if (found !== undefined && isRepeated(found, command.owner)) {
    return { code: ClaimCode.EXECUTE, node: toChainNode(found.row, found.phase) };
  }
  if (run.paused) {
    // The wake-up is used up, so the node must be notified again when the run resumes.
    if (found?.row.state === 'pending') putOff(tx, found.row, tx.clock.now());
    return { code: ClaimCode.PAUSED };
  }
  if (run.mark !== '') return { code: ClaimCode.TERMINATED };
  if (found === undefined) return { code: unknownNodeCode(tx, command) };
  const code = refusal(found, command);
  if (code === ClaimCode.LOCKED_BY_OTHER) {
    return { code, retryInMs: Math.max(0, found.row.due_at - tx.clock.now()) };
  }
  if (code !== undefined) return { code };
  const coolingMs = found.module.cooldownUntilMs - tx.clock.now();
  if (coolingMs > 0 && found.row.state === 'pending') {
    putOff(tx, found.row, found.module.cooldownUntilMs);
    return { code: ClaimCode.LOCKED_BY_OTHER, retryInMs: coolingMs };
  }
  const { crashes } = found.row;
  if (crashes >= SUSPECT_AFTER && !command.alone) return { code: ClaimCode.SUSPECT, crashes };
  lease(tx, found, command.owner, command.leaseMs);
  return { code: ClaimCode.EXECUTE, node: toChainNode(found.row, found.phase) };
}

/** Leases the node to an owner: a new token, and one more attempt if an execution begins. */
function lease(tx: Tx, { row }: Found, owner: string, leaseMs: number): void {
  if (row.state === 'pending') row.attempts += 1;
  row.state = 'processing';
  row.owner = owner;
  row.token = tx.nextToken();
  row.due_at = tx.clock.now() + leaseMs;
  tx.nodes.save(row);
}

function putOff(tx: Tx, row: NodeRow, dueAtMs: number): void {
  row.due_at = dueAtMs;
  tx.nodes.save(row);
}

/** Answers a repeated claim of the same owner, whose first answer was lost. */
function isRepeated({ row }: Found, owner: string): boolean {
  return row.state === 'processing' && row.owner === owner;
}

function unknownNodeCode(tx: Tx, { node }: ClaimCommand) {
  const module = tx.scopes.run(node.runId)?.modules.find(({ moduleId }) => moduleId === node.moduleId);
  const phase = module?.phases[node.phase];
  const marked = module?.state === 'terminated' || (phase !== undefined && phase.closed !== '');
  return marked ? ClaimCode.TERMINATED : ClaimCode.OUT_OF_ORDER;
}

/** Why the node cannot be claimed, in the order of the protocol; undefined when it can. */
function refusal(found: Found, { epoch, stage }: ClaimCommand) {
  const { row, phase, module } = found;
  const terminal = row.state === 'done' || row.state === 'dead';
  if (module.state === 'terminated') return ClaimCode.TERMINATED;
  if (terminal) return phase.closed === 'deadline' ? ClaimCode.TERMINATED : ClaimCode.DUPLICATE_DONE;
  if (!isLive(found)) return ClaimCode.TERMINATED;
  if (epoch < row.epoch) return ClaimCode.STALE_STEP;
  const takeable = row.state === 'pending' || (row.state === 'fetched' && stage === 'parser');
  if (!takeable || isHeld(phase)) return ClaimCode.LOCKED_BY_OTHER;
  return undefined;
}

/** Extends a lease if the token matches; also an expired one, if nobody took the node over. */
export function renew(tx: Tx, { node, token, leaseMs }: Held & { readonly leaseMs: number }) {
  const found = findNode(tx, node);
  if (found === undefined || found.row.state !== 'processing' || found.row.token !== token) {
    return RenewCode.FENCING_REJECT;
  }
  found.row.due_at = tx.clock.now() + leaseMs;
  tx.nodes.save(found.row);
  return RenewCode.RENEWED;
}

export function release(tx: Tx, { node, token }: Held) {
  const found = findNode(tx, node);
  if (found === undefined || found.row.token !== token) return ReleaseCode.FENCING_REJECT;
  const { row } = found;
  if (row.state === 'fetched') return ReleaseCode.RELEASED;
  if (row.state !== 'processing' || !isLive(found)) return ReleaseCode.FENCING_REJECT;
  row.state = 'fetched';
  row.due_at = tx.clock.now() + tx.policy.responseGraceMs;
  tx.nodes.save(row);
  return ReleaseCode.RELEASED;
}

/** Gives a lease up. Neither the attempt nor a crash is counted: the node has not caused the end of its execution. */
export function abandon(tx: Tx, { node, token, delayMs }: Held & { readonly delayMs: number }) {
  const found = findNode(tx, node);
  if (found === undefined || found.row.state !== 'processing' || found.row.token !== token) {
    return AbandonCode.FENCING_REJECT;
  }
  endLease(tx, found.row, tx.clock.now() + delayMs);
  return AbandonCode.ABANDONED;
}

/** Makes a leased node pending in its next epoch. The attempt that has had no result is not counted. */
function endLease(tx: Tx, row: NodeRow, dueAtMs: number): void {
  row.state = 'pending';
  row.attempts = Math.max(0, row.attempts - 1);
  row.owner = '';
  row.token = '';
  row.epoch += 1;
  row.due_at = dueAtMs;
  tx.nodes.save(row);
}

/** Recovers a node whose holder died. The attempt is not counted, because crashes have a budget of their own. */
export function recoverZombie(tx: Tx, { node, crashBudget }: RecoverCommand): RecoverOutcome {
  const found = findNode(tx, node);
  if (found === undefined || found.row.state !== 'processing') {
    return { code: RecoverCode.NOT_PROCESSING, died: false, wakeUps: [] };
  }
  const { row, phase, module } = found;
  if (row.due_at > tx.clock.now()) return { code: RecoverCode.NOT_EXPIRED, died: false, wakeUps: [] };
  if (row.crashes + 1 >= crashBudget) assertCounted(tx, found);
  row.crashes += 1;
  if (row.crashes >= crashBudget) {
    row.attempts = Math.max(0, row.attempts - 1);
    row.owner = '';
    row.token = '';
    endDead(tx, row, phase, 'crashed');
    return { code: RecoverCode.RECOVERED, died: true, wakeUps: advancePhases(tx, module) };
  }
  endLease(tx, row, tx.clock.now() + dispatchGraceMs(tx.policy, row.dispatches));
  return { code: RecoverCode.RECOVERED, died: false, wakeUps: isLive(found) ? [pendingWakeUp(row, phase)] : [] };
}

export function reorderEnqueue(tx: Tx, { node, response }: ReorderCommand): ReorderOutcome {
  const kept = tx.reorder.keep(node.id, node.runId, response);
  return { code: kept ? ReorderCode.ENQUEUED : ReorderCode.DUPLICATE_BUFFERED };
}
