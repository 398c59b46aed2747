/** The bindings of all scripts. */
import {
  ClaimCode,
  CommitCode,
  CommitErrorCode,
  ControlCode,
  DecideCode,
  DrainCode,
  PhaseCloseCode,
  RecoverCode,
  ReleaseCode,
  RenewCode,
  ReorderCode,
  ReplayCode,
  RetryCode,
  RunOpenCode,
  SettleCode,
  StageCode,
  TerminateCode,
} from '../protocol/codes.ts';
import { AuditCode, LookCode, PumpScriptCode, PurgeCode, type Script } from './script.ts';

/** Keys of a run with one of its modules: what a script needs that may end nodes, open phases and close the run. */
const SCOPE_KEYS = ['run', 'plan', 'shard_due', 'outbox', 'timeline', 'nodes', 'reorder', 'exec', 'due*', 'opener*'];
const SCOPE_ARGS = ['now', 'layout', 'grace_ms'];
/** Keys of one node that changes alone. */
const NODE_KEYS = ['run', 'exec', 'node', 'due', 'shard_due'];
const NODE_ARGS = ['now', 'phase', 'id'];

const bind = <const Codes extends Readonly<Record<string, number>>>(
  name: string,
  [table, codes]: readonly [string, Codes],
  keys: readonly string[],
  args: readonly string[],
): Script<Codes> => ({ name, table, codes, keys, args });

const LOOK = ['LookCode', LookCode] as const;

export const runOpenScript = bind(
  'run_open',
  ['RunOpenCode', RunOpenCode],
  ['run', 'plan', 'shard_due', 'outbox', 'timeline', 'nodes', 'reorder', 'module*'],
  [...SCOPE_ARGS, 'run_id', 'member', 'layout_json', 'modules', 'module*'],
);
export const claimScript = bind('ptm_claim', ['ClaimCode', ClaimCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['epoch', 'owner', 'stage', 'lease_ms', 'token'],
]);
export const renewScript = bind(
  'ptm_renew',
  ['RenewCode', RenewCode],
  ['node', 'due', 'shard_due'],
  ['now', 'id', 'token', 'lease_ms', 'member'],
);
export const releaseScript = bind('ptm_release', ['ReleaseCode', ReleaseCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['token', 'grace_ms'],
]);
export const stageScript = bind(
  'children_stage',
  ['StageCode', StageCode],
  ['run', 'exec', 'node', 'staged'],
  ['layout', 'phase', 'token', 'child*'],
);
export const commitScript = bind(
  'ptm_commit_success',
  ['CommitCode', CommitCode],
  [...SCOPE_KEYS, 'node', 'staged', 'child*'],
  [...SCOPE_ARGS, 'id', 'token', 'bells', 'staged', 'owner', 'lease_ms', 'child_token', 'child*'],
);
export const commitErrorScript = bind(
  'ptm_commit_error',
  ['CommitErrorCode', CommitErrorCode],
  [...NODE_KEYS, 'outbox', 'timeline'],
  [...NODE_ARGS, 'token', 'grace_ms', 'error'],
);
export const recoverScript = bind(
  'ptm_recover_zombie',
  ['RecoverCode', RecoverCode],
  [...SCOPE_KEYS, 'node'],
  [...SCOPE_ARGS, 'id', 'crash_budget'],
);
export const reorderScript = bind(
  'ptm_reorder_enqueue',
  ['ReorderCode', ReorderCode],
  ['run', 'reorder'],
  ['id', 'response'],
);
export const decideScript = bind(
  'etm_threshold_decide',
  ['DecideCode', DecideCode],
  [...SCOPE_KEYS, 'node', 'gates', 'request*'],
  [
    ...[...SCOPE_ARGS, 'id', 'epoch', 'fatal', 'max_attempts', 'delay_ms', 'module_rate', 'module_bound'],
    ...['task_rate', 'task_bound', 'burst', 'cooldown_ms', 'request_id'],
  ],
);
export const retryScript = bind('etm_retry_schedule', ['RetryCode', RetryCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['delay_ms', 'max_attempts'],
]);
export const terminateScript = bind(
  'etm_terminate_mark',
  ['TerminateCode', TerminateCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'reason'],
);
export const dueLookScript = bind('due_look', LOOK, ['shard_due'], ['now', 'limit']);
export const dueScopeScript = bind(
  'due_scope',
  LOOK,
  ['run', 'shard_due', 'exec*'],
  ['now', 'member', 'phase', 'grace_ms', 'layout'],
);
export const dueTakeScript = bind(
  'due_take',
  LOOK,
  ['run', 'exec', 'shard_due', 'due', 'node*'],
  ['now', 'member', 'phase', 'grace_ms', 'decision_ms', 'id*'],
);
export const childrenLookScript = bind('children_look', LOOK, ['node', 'staged*'], ['limit']);
export const childrenPumpScript = bind(
  'children_pump',
  ['PumpScriptCode', PumpScriptCode],
  [...SCOPE_KEYS, 'node', 'staged', 'child*', 'other*'],
  [...SCOPE_ARGS, 'id', 'token', 'bells', 'head', 'children'],
);
export const drainScript = bind(
  'scope_drain',
  ['DrainCode', DrainCode],
  [...SCOPE_KEYS, 'node*'],
  [...SCOPE_ARGS, 'phase', 'id*'],
);
export const controlScript = bind(
  'run_control',
  ['ControlCode', ControlCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'layout', 'action'],
);
export const phaseCloseScript = bind('phase_close', ['PhaseCloseCode', PhaseCloseCode], SCOPE_KEYS, [
  ...SCOPE_ARGS,
  'phase',
]);
export const settleScript = bind('run_settle', ['SettleCode', SettleCode], ['run', 'shard_due'], []);
export const replayScript = bind(
  'ptm_replay',
  ['ReplayCode', ReplayCode],
  [...SCOPE_KEYS, 'node', 'all*'],
  [...SCOPE_ARGS, 'id', 'rejoin'],
);
export const runReadScript = bind('run_read', LOOK, ['run', 'module*'], ['layout']);
export const nodeReadScript = bind(
  'node_read',
  LOOK,
  ['run', 'due*', 'node*'],
  ['layout', 'modules', 'phases*', 'id*'],
);
export const nodesLookScript = bind('nodes_look', LOOK, ['nodes', 'after*'], ['limit']);
export const auditCountScript = bind('audit_count', LOOK, ['due*', 'node*'], ['now', 'modules', 'phases*', 'id*']);
export const auditScript = bind(
  'run_audit',
  ['AuditCode', AuditCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'layout', 'counts'],
);
export const purgeLookScript = bind('purge_look', LOOK, ['node*'], []);
export const purgeScript = bind(
  'run_purge',
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
