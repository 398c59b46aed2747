/** Bindings: claim, renew, release and recover a node. */
import { assertLeased } from '../protocol/assertions.ts';
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
} from '../protocol/claims.ts';
import type { CodeOf } from '../protocol/outcome.ts';
import { nodeKeys, phaseMember } from './run-keys.ts';
import { type RedisDeps, runEnding } from './scripts/call.ts';
import { readNode, readWakeUps } from './scripts/read-reply.ts';
import { bind, NODE_ARGS, NODE_KEYS, SCOPE_ARGS, SCOPE_KEYS, type Script } from './scripts/script.ts';

const claimScript = bind('claims/ptm_claim.lua', ['ClaimCode', ClaimCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['epoch', 'owner', 'stage', 'lease_ms', 'token'],
]);
const renewScript = bind(
  'claims/ptm_renew.lua',
  ['RenewCode', RenewCode],
  ['node', 'due', 'shard_due'],
  ['now', 'id', 'token', 'lease_ms', 'member'],
);
const releaseScript = bind('claims/ptm_release.lua', ['ReleaseCode', ReleaseCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['token', 'grace_ms'],
]);
const recoverScript = bind(
  'claims/ptm_recover_zombie.lua',
  ['RecoverCode', RecoverCode],
  [...SCOPE_KEYS, 'node'],
  [...SCOPE_ARGS, 'id', 'crash_budget', 'token', 'crashed'],
);
const reorderScript = bind(
  'claims/ptm_reorder_enqueue.lua',
  ['ReorderCode', ReorderCode],
  ['run', 'reorder'],
  ['id', 'response'],
);

export const CLAIM_SCRIPTS: readonly Script[] = [claimScript, renewScript, releaseScript, recoverScript, reorderScript];

export async function claim(deps: RedisDeps, command: ClaimCommand): Promise<ClaimOutcome> {
  const { node, epoch, owner, stage, leaseMs } = command;
  const keys = nodeKeys(deps.keys.of(node.runId), node);
  const args = [deps.now(), node.phase, node.id, epoch, owner, stage, leaseMs, deps.nextToken()];
  const { code, payload, texts } = await deps.runner.run(claimScript, keys, args);
  if (code === ClaimCode.EXECUTE) {
    const claimed = readNode(texts, 0, node.runId, () => node.moduleId);
    assertLeased(claimed, node, owner);
    return { code, node: claimed };
  }
  if (code === ClaimCode.LOCKED_BY_OTHER) return { code, retryInMs: (payload as readonly [number])[0] };
  return { code: code as CodeOf<typeof ClaimCode> };
}

export async function renew(deps: RedisDeps, { node, token, leaseMs }: Held & { readonly leaseMs: number }) {
  const runKeys = deps.keys.of(node.runId);
  const keys = [runKeys.node(node.id), runKeys.due(node.moduleId, node.phase), runKeys.shardDue];
  const args = [deps.now(), node.id, token, leaseMs, phaseMember(node)];
  return (await deps.runner.run(renewScript, keys, args)).code as CodeOf<typeof RenewCode>;
}

export async function release(deps: RedisDeps, { node, token }: Held) {
  const keys = nodeKeys(deps.keys.of(node.runId), node);
  const args = [deps.now(), node.phase, node.id, token, deps.policy.responseGraceMs];
  return (await deps.runner.run(releaseScript, keys, args)).code as CodeOf<typeof ReleaseCode>;
}

export async function recoverZombie(deps: RedisDeps, command: RecoverCommand): Promise<RecoverOutcome> {
  const { node, crashBudget, token = '', isHandedBack = false } = command;
  const reply = await runEnding(deps, recoverScript, node, (runKeys) => ({
    keys: [runKeys.node(node.id)],
    args: [node.id, crashBudget, token, isHandedBack ? 0 : 1],
  }));
  if (reply === undefined || reply.code !== RecoverCode.RECOVERED) {
    const code = (reply?.code ?? RecoverCode.NOT_PROCESSING) as CodeOf<typeof RecoverCode>;
    return { code, died: false, wakeUps: [] };
  }
  const [died, wakeUps] = reply.payload as readonly [boolean, unknown];
  return { code: RecoverCode.RECOVERED, died, wakeUps: readWakeUps(wakeUps, node) };
}

export async function reorderEnqueue(deps: RedisDeps, { node, response }: ReorderCommand): Promise<ReorderOutcome> {
  const { run, reorder } = deps.keys.of(node.runId);
  const { code } = await deps.runner.run(reorderScript, [run, reorder], [node.id, response]);
  return { code: code as CodeOf<typeof ReorderCode> };
}
