import { EVENTS } from '../../contracts/events.ts';
import type { Held, RecoverCommand, RecoverOutcome } from '../protocol/claims.ts';
import { RecoverCode, ReleaseCode, RenewCode } from '../protocol/claims.ts';
import type { CommitErrorCommand } from '../protocol/errors.ts';
import { CommitErrorCode } from '../protocol/errors.ts';
import { dispatchGraceMs } from '../protocol/policy.ts';
import { advancePhases, endDead } from './phases.ts';
import { findNode, isLive, pendingBell, type Tx } from './tx.ts';

/** Extends a lease by equality of the token: also an expired one, if nobody took over. */
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

/** An execution failed: the error is recorded once per epoch, and the lease ends. */
export function commitError(tx: Tx, { node, token, error }: CommitErrorCommand) {
  const found = findNode(tx, node);
  if (found === undefined || found.row.token !== token) return CommitErrorCode.FENCING_REJECT;
  const { row, run } = found;
  if (row.state === 'failed') return CommitErrorCode.ERROR_ALREADY_EMITTED;
  if (row.state !== 'processing' || !isLive(found)) return CommitErrorCode.FENCING_REJECT;
  const repeated = row.error_epoch === row.epoch;
  row.state = 'failed';
  row.due_at = tx.clock.now() + tx.policy.decisionGraceMs;
  row.error = error;
  row.error_epoch = row.epoch;
  tx.nodes.save(row);
  tx.events.append(run, EVENTS.ErrorTaskProduced.type, row.id, row.epoch, tx.clock.now(), {});
  return repeated ? CommitErrorCode.ERROR_ALREADY_EMITTED : CommitErrorCode.ERROR_EMIT_OK;
}

/** The holder of a lease is gone. Its attempt is given back: crashes have a budget of their own. */
export function recoverZombie(tx: Tx, { node, crashBudget }: RecoverCommand): RecoverOutcome {
  const found = findNode(tx, node);
  if (found === undefined || found.row.state !== 'processing') {
    return { code: RecoverCode.NOT_PROCESSING, died: false, bells: [] };
  }
  const { row, phase, module } = found;
  if (row.due_at > tx.clock.now()) return { code: RecoverCode.NOT_EXPIRED, died: false, bells: [] };
  row.crashes += 1;
  row.attempts = Math.max(0, row.attempts - 1);
  row.owner = '';
  row.token = '';
  if (row.crashes >= crashBudget) {
    endDead(tx, row, phase, 'crashed');
    return { code: RecoverCode.RECOVERED, died: true, bells: advancePhases(tx, module) };
  }
  row.state = 'pending';
  row.epoch += 1;
  row.due_at = tx.clock.now() + dispatchGraceMs(tx.policy, row.dispatches);
  tx.nodes.save(row);
  return { code: RecoverCode.RECOVERED, died: false, bells: isLive(found) ? [pendingBell(row, phase)] : [] };
}
