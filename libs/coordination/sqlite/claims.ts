/** Claims, renews, releases and recovers nodes. */
import {
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
import { dispatchGraceMs, LONGEST_GRACE_MS } from '../protocol/policy.ts';
import { isLeftOut } from './caps.ts';
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
    if (isAwaited(found)) putOff(tx, found.row, tx.clock.now());
    return { code: ClaimCode.PAUSED };
  }
  if (run.mark !== '') return { code: ClaimCode.TERMINATED };
  if (found === undefined) return { code: unknownNodeCode(tx, command) };
  const code = refusal(found, command);
  if (code === ClaimCode.LOCKED_BY_OTHER) {
    const dueInMs = Math.max(0, found.row.due_at - tx.clock.now());
    return { code, retryInMs: Math.min(dueInMs, LONGEST_GRACE_MS) };
  }
  if (code !== undefined) return { code };
  const coolingMs = found.module.cooldownUntilMs - tx.clock.now();
  if (coolingMs > 0 && found.row.state === 'pending') {
    if (isAwaited(found)) putOff(tx, found.row, found.module.cooldownUntilMs);
    return { code: ClaimCode.LOCKED_BY_OTHER, retryInMs: coolingMs };
  }
  const { crashes } = found.row;
  if (crashes >= SUSPECT_AFTER && !command.alone) return { code: ClaimCode.SUSPECT, crashes };
  lease(tx, found, command.owner, command.leaseMs);
  return { code: ClaimCode.EXECUTE, node: toChainNode(found.row, found.phase) };
}

/** Leases the node to an owner: a new token, and one more attempt if an execution begins. */
function lease(tx: Tx, { row, phase, module }: Found, owner: string, leaseMs: number): void {
  if (row.state === 'pending') row.attempts += 1;
  row.revision = module.revision;
  row.early = phase.idx > module.currentPhase ? 1 : 0;
  row.state = 'processing';
  row.owner = owner;
  row.token = tx.nextToken();
  row.due_at = tx.clock.now() + leaseMs;
  tx.nodes.save(row);
}

/** Whether the node is pending inside its window: its wake-up, which is used up, was the only one. */
function isAwaited(found: Found | undefined): found is Found {
  return found?.row.state === 'pending' && found.row.window_place === 1;
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
  if (!isLive(found) || isLeftOut(module, row)) return ClaimCode.TERMINATED;
  if (epoch < row.epoch) return ClaimCode.STALE_STEP;
  const takeable = row.state === 'pending' || (row.state === 'fetched' && stage === 'parser');
  if (!takeable || isHeld(phase, row.due_at)) return ClaimCode.LOCKED_BY_OTHER;
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
  if ((row.state !== 'processing' && row.state !== 'fetched') || !isLive(found)) return ReleaseCode.FENCING_REJECT;
  row.state = 'fetched';
  row.due_at = tx.clock.now() + tx.policy.responseGraceMs;
  tx.nodes.save(row);
  return ReleaseCode.RELEASED;
}

/** Recovers a node. The attempt is not counted, because crashes have a budget of their own. */
export function recoverZombie(
  tx: Tx,
  { node, crashBudget, token, isHandedBack = false }: RecoverCommand,
): RecoverOutcome {
  const refused = (code: typeof RecoverCode.NOT_PROCESSING | typeof RecoverCode.NOT_EXPIRED): RecoverOutcome => {
    return { code, died: false, wakeUps: [] };
  };
  const found = findNode(tx, node);
  if (found === undefined || (token !== undefined && found.row.token !== token)) {
    return refused(RecoverCode.NOT_PROCESSING);
  }
  const { row, phase, module } = found;
  if (row.state === 'fetched') return fetchAgain(tx, found);
  if (row.state !== 'processing') return refused(RecoverCode.NOT_PROCESSING);
  if (token === undefined && row.due_at > tx.clock.now()) return refused(RecoverCode.NOT_EXPIRED);
  const crashes = row.crashes + (isHandedBack ? 0 : 1);
  const died = !isHandedBack && crashes >= crashBudget;
  if (died) assertCounted(tx, found);
  row.crashes = crashes;
  freeNode(row);
  if (died) {
    endDead(tx, row, phase, 'crashed');
    return { code: RecoverCode.RECOVERED, died, wakeUps: advancePhases(tx, module) };
  }
  row.epoch += 1;
  return pendingAgain(tx, found, dispatchGraceMs(tx.policy, row.dispatches));
}

/** The response is lost. The epoch stays, so that it still counts if it comes after all. */
function fetchAgain(tx: Tx, found: Found): RecoverOutcome {
  const { row } = found;
  const graceMs = dispatchGraceMs(tx.policy, row.dispatches);
  freeNode(row);
  row.dispatches += 1;
  return pendingAgain(tx, found, graceMs);
}

function freeNode(row: NodeRow): void {
  row.attempts = Math.max(0, row.attempts - 1);
  row.owner = '';
  row.token = '';
}

function pendingAgain(tx: Tx, found: Found, graceMs: number): RecoverOutcome {
  const { row, phase } = found;
  row.state = 'pending';
  row.due_at = tx.clock.now() + graceMs;
  tx.nodes.save(row);
  return { code: RecoverCode.RECOVERED, died: false, wakeUps: isLive(found) ? [pendingWakeUp(row, phase)] : [] };
}

export function reorderEnqueue(tx: Tx, { node, response }: ReorderCommand): ReorderOutcome {
  const kept = tx.reorder.keep(node.id, node.runId, response);
  return { code: kept ? ReorderCode.ENQUEUED : ReorderCode.DUPLICATE_BUFFERED };
}
