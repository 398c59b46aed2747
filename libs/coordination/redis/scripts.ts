/** The bindings of all scripts. */
import { ClaimCode, RecoverCode, ReleaseCode, RenewCode, ReorderCode } from '../protocol/claims.ts';
import { CommitCode, StageCode } from '../protocol/commits.ts';
import { CommitErrorCode, DecideCode, ReplayCode, RetryCode, TerminateCode } from '../protocol/errors.ts';
import { DrainCode, PhaseCloseCode } from '../protocol/phases.ts';
import { ControlCode, RunOpenCode, SettleCode } from '../protocol/runs.ts';
import { AuditCode, bind, LookCode, PumpScriptCode, PurgeCode, type Script } from './scripts/script.ts';

/** Keys of a run with one of its modules: what a script needs that may end nodes, open phases and close the run. */
const SCOPE_KEYS = ['run', 'plan', 'shard_due', 'outbox', 'timeline', 'nodes', 'reorder', 'exec', 'due*', 'opener*'];
const SCOPE_ARGS = ['now', 'layout', 'grace_ms'];
/** Keys of one node that changes alone. */
const NODE_KEYS = ['run', 'exec', 'node', 'due', 'shard_due'];
const NODE_ARGS = ['now', 'phase', 'id'];

const LOOK = ['LookCode', LookCode] as const;

export const runOpenScript = bind(
  'runs/run_open.lua',
  ['RunOpenCode', RunOpenCode],
  ['run', 'plan', 'shard_due', 'outbox', 'timeline', 'nodes', 'reorder', 'module*'],
  [...SCOPE_ARGS, 'run_id', 'member', 'layout_json', 'modules', 'module*'],
);
export const claimScript = bind('claims/ptm_claim.lua', ['ClaimCode', ClaimCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['epoch', 'owner', 'stage', 'lease_ms', 'token'],
]);
export const renewScript = bind(
  'claims/ptm_renew.lua',
  ['RenewCode', RenewCode],
  ['node', 'due', 'shard_due'],
  ['now', 'id', 'token', 'lease_ms', 'member'],
);
export const releaseScript = bind('claims/ptm_release.lua', ['ReleaseCode', ReleaseCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['token', 'grace_ms'],
]);
export const stageScript = bind(
  'commits/children_stage.lua',
  ['StageCode', StageCode],
  ['run', 'exec', 'node', 'staged'],
  ['layout', 'phase', 'token', 'child*'],
);
export const commitScript = bind(
  'commits/ptm_commit_success.lua',
  ['CommitCode', CommitCode],
  [...SCOPE_KEYS, 'node', 'staged', 'child*'],
  [...SCOPE_ARGS, 'id', 'token', 'bells', 'staged', 'owner', 'lease_ms', 'child_token', 'child*'],
);
export const commitErrorScript = bind(
  'errors/ptm_commit_error.lua',
  ['CommitErrorCode', CommitErrorCode],
  [...NODE_KEYS, 'outbox', 'timeline'],
  [...NODE_ARGS, 'token', 'grace_ms', 'error'],
);
export const recoverScript = bind(
  'claims/ptm_recover_zombie.lua',
  ['RecoverCode', RecoverCode],
  [...SCOPE_KEYS, 'node'],
  [...SCOPE_ARGS, 'id', 'crash_budget'],
);
export const reorderScript = bind(
  'claims/ptm_reorder_enqueue.lua',
  ['ReorderCode', ReorderCode],
  ['run', 'reorder'],
  ['id', 'response'],
);
export const decideScript = bind(
  'errors/etm_threshold_decide.lua',
  ['DecideCode', DecideCode],
  [...SCOPE_KEYS, 'node', 'gates', 'request*'],
  [
    ...[...SCOPE_ARGS, 'id', 'epoch', 'fatal', 'max_attempts', 'delay_ms', 'module_rate', 'module_bound'],
    ...['task_rate', 'task_bound', 'burst', 'cooldown_ms', 'request_id'],
  ],
);
export const retryScript = bind('errors/etm_retry_schedule.lua', ['RetryCode', RetryCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['delay_ms', 'max_attempts'],
]);
export const terminateScript = bind(
  'errors/etm_terminate_mark.lua',
  ['TerminateCode', TerminateCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'reason'],
);
export const dueLookScript = bind('sweep/due_look.lua', LOOK, ['shard_due'], ['now', 'limit']);
export const dueScopeScript = bind(
  'sweep/due_scope.lua',
  LOOK,
  ['run', 'shard_due', 'exec*'],
  ['now', 'member', 'phase', 'grace_ms', 'layout'],
);
export const dueTakeScript = bind(
  'sweep/due_take.lua',
  LOOK,
  ['run', 'exec', 'shard_due', 'due', 'node*'],
  ['now', 'member', 'phase', 'grace_ms', 'decision_ms', 'id*'],
);
export const childrenLookScript = bind('commits/children_look.lua', LOOK, ['node', 'staged*'], ['limit']);
export const childrenPumpScript = bind(
  'commits/children_pump.lua',
  ['PumpScriptCode', PumpScriptCode],
  [...SCOPE_KEYS, 'node', 'staged', 'child*', 'other*'],
  [...SCOPE_ARGS, 'id', 'token', 'bells', 'head', 'children'],
);
export const drainScript = bind(
  'phases/scope_drain.lua',
  ['DrainCode', DrainCode],
  [...SCOPE_KEYS, 'node*'],
  [...SCOPE_ARGS, 'phase', 'id*'],
);
export const controlScript = bind(
  'runs/run_control.lua',
  ['ControlCode', ControlCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'layout', 'action'],
);
export const phaseCloseScript = bind('phases/phase_close.lua', ['PhaseCloseCode', PhaseCloseCode], SCOPE_KEYS, [
  ...SCOPE_ARGS,
  'phase',
]);
export const settleScript = bind('runs/run_settle.lua', ['SettleCode', SettleCode], ['run', 'shard_due'], []);
export const replayScript = bind(
  'errors/ptm_replay.lua',
  ['ReplayCode', ReplayCode],
  [...SCOPE_KEYS, 'node', 'all*'],
  [...SCOPE_ARGS, 'id', 'rejoin'],
);
export const runReadScript = bind('reads/run_read.lua', LOOK, ['run', 'module*'], ['layout']);
export const nodeReadScript = bind(
  'reads/node_read.lua',
  LOOK,
  ['run', 'due*', 'node*'],
  ['layout', 'modules', 'phases*', 'id*'],
);
export const nodesLookScript = bind('reads/nodes_look.lua', LOOK, ['nodes', 'after*'], ['limit']);
export const auditCountScript = bind(
  'runs/audit_count.lua',
  LOOK,
  ['due*', 'node*'],
  ['now', 'modules', 'phases*', 'id*'],
);
export const auditScript = bind(
  'runs/run_audit.lua',
  ['AuditCode', AuditCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'layout', 'counts'],
);
export const purgeLookScript = bind('runs/purge_look.lua', LOOK, ['node*'], []);
export const purgeScript = bind(
  'runs/run_purge.lua',
  ['PurgeCode', PurgeCode],
  ['run', 'nodes', 'gone*'],
  ['count', 'last', 'layout'],
);

export const SCRIPTS: readonly Script[] = [
  ...[runOpenScript, claimScript, renewScript, releaseScript, stageScript, commitScript, commitErrorScript],
  ...[recoverScript, reorderScript, decideScript, retryScript, terminateScript, dueLookScript, dueScopeScript],
  ...[dueTakeScript, childrenLookScript, childrenPumpScript, drainScript, controlScript, phaseCloseScript],
  ...[settleScript, replayScript, runReadScript, nodeReadScript, nodesLookScript, auditCountScript, auditScript],
  ...[purgeLookScript, purgeScript],
];
