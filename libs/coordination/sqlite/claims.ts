import type { ClaimCommand, ClaimOutcome } from '../protocol/claims.ts';
import { ClaimCode } from '../protocol/claims.ts';
import { type NodeRow, toChainNode } from './tables/node-row.ts';
import { type Found, findNode, isHeld, isLive, type Tx } from './tx.ts';

export function claim(tx: Tx, command: ClaimCommand): ClaimOutcome {
  const run = tx.scopes.run(command.node.runId);
  if (run === undefined || run.state !== 'open') return { code: ClaimCode.RUN_CLOSED };
  const found = findNode(tx, command.node);
  if (found !== undefined && isRepeated(found, command.owner)) {
    return { code: ClaimCode.EXECUTE, node: toChainNode(found.row, found.phase) };
  }
  if (run.paused) {
    // Its bell is spent: it is to be rung again as soon as the run goes on.
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
  lease(tx, found, command.owner, command.leaseMs);
  return { code: ClaimCode.EXECUTE, node: toChainNode(found.row, found.phase) };
}

/** Gives the node to an owner: a new token, and an attempt more where an execution begins. */
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

/** The same owner asks again: its first answer was lost on the way. */
function isRepeated({ row }: Found, owner: string): boolean {
  return row.state === 'processing' && row.owner === owner;
}

function unknownNodeCode(tx: Tx, { node }: ClaimCommand) {
  const module = tx.scopes.run(node.runId)?.modules.find(({ moduleId }) => moduleId === node.moduleId);
  const phase = module?.phases[node.phase];
  const marked = module?.state === 'terminated' || (phase !== undefined && phase.closed !== '');
  return marked ? ClaimCode.TERMINATED : ClaimCode.OUT_OF_ORDER;
}

/** Why the node cannot be taken, in the order of the design; undefined when it can. */
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
