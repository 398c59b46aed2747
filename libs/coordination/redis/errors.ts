/** Bindings: record a failure, decide about it, mark, replay. */

import { chainKeys } from '../../keys/keys.ts';
import {
  CommitErrorCode,
  type CommitErrorCommand,
  type DecideAction,
  DecideCode,
  type DecideCommand,
  type DecideOutcome,
  ReplayCode,
  type ReplayCommand,
  type ReplayOutcome,
  RetryCode,
  type RetryScheduleCommand,
  TerminateCode,
  type TerminateCommand,
  type Threshold,
} from '../protocol/errors.ts';
import type { CodeOf } from '../protocol/outcome.ts';
import { nodeKeys } from './run-keys.ts';
import { type RedisDeps, runEnding, runScoped } from './scripts/call.ts';
import { readWakeUps } from './scripts/read-reply.ts';
import type { ScriptArgument } from './scripts/script.ts';
import { bind, NODE_ARGS, NODE_KEYS, SCOPE_ARGS, SCOPE_KEYS, type Script } from './scripts/script.ts';

const commitErrorScript = bind(
  'errors/ptm_commit_error.lua',
  ['CommitErrorCode', CommitErrorCode],
  [...NODE_KEYS, 'outbox', 'timeline'],
  [...NODE_ARGS, 'token', 'grace_ms', 'error'],
);
const decideScript = bind(
  'errors/etm_threshold_decide.lua',
  ['DecideCode', DecideCode],
  [...SCOPE_KEYS, 'node', 'gates', 'request*'],
  [
    ...[...SCOPE_ARGS, 'id', 'epoch', 'fatal', 'max_attempts', 'delay_ms', 'module_rate', 'module_bound'],
    ...['task_rate', 'task_bound', 'burst', 'cooldown_ms', 'request_id', 'beside_executions', 'beside_errors'],
  ],
);
const retryScript = bind('errors/etm_retry_schedule.lua', ['RetryCode', RetryCode], NODE_KEYS, [
  ...NODE_ARGS,
  ...['delay_ms', 'max_attempts'],
]);
const terminateScript = bind(
  'errors/etm_terminate_mark.lua',
  ['TerminateCode', TerminateCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'reason'],
);
const replayScript = bind(
  'errors/ptm_replay.lua',
  ['ReplayCode', ReplayCode],
  [...SCOPE_KEYS, 'node', 'all*'],
  [...SCOPE_ARGS, 'id', 'rejoin'],
);

export const ERROR_SCRIPTS: readonly Script[] = [
  commitErrorScript,
  decideScript,
  retryScript,
  terminateScript,
  replayScript,
];

export async function commitError(deps: RedisDeps, { node, token, error }: CommitErrorCommand) {
  const runKeys = deps.keys.of(node.runId);
  const keys = [...nodeKeys(runKeys, node), runKeys.outbox, runKeys.timeline];
  const args = [deps.now(), node.phase, node.id, token, deps.policy.decisionGraceMs, error];
  return (await deps.runner.run(commitErrorScript, keys, args)).code as CodeOf<typeof CommitErrorCode>;
}

export async function thresholdDecide(deps: RedisDeps, command: DecideCommand): Promise<DecideOutcome> {
  const { node, epoch, fatal, maxAttempts, retryDelayMs, cooldown, beside } = command;
  const request = fallbackOf(command);
  const reply = await runEnding(deps, decideScript, node, (runKeys) => ({
    keys: [
      runKeys.node(node.id),
      chainKeys.fallbackGate(runKeys.shard, node.runId, node.moduleId),
      ...(request === '' ? [] : [runKeys.node(request)]),
    ],
    args: [
      ...[node.id, epoch, fatal ? 1 : 0, maxAttempts, Math.max(0, retryDelayMs)],
      ...thresholdArgs(command.moduleThreshold),
      ...thresholdArgs(command.taskThreshold),
      ...[cooldown?.errors ?? 0, cooldown?.ms ?? 0, request, beside?.executions ?? 0, beside?.errors ?? 0],
    ],
  }));
  if (reply === undefined) {
    return { code: DecideCode.CONTINUE, action: 'none', repeated: false, gateTaken: false, wakeUps: [] };
  }
  const [action, repeated, wakeUps, gateTaken = false] = reply.payload as Decision;
  const code = reply.code as CodeOf<typeof DecideCode>;
  return { code, action, repeated, gateTaken, wakeUps: readWakeUps(wakeUps, node) };
}

/** The last is left out where no fallback was tried, and by scripts of earlier releases. */
type Decision = readonly [action: DecideAction, repeated: boolean, wakeUps: unknown, gateTaken?: boolean];

/** A fallback needs a request of the same module and phase; a request of another run would be in another slot. */
function fallbackOf({ node, fallback }: DecideCommand): string {
  const request = fallback?.request;
  return request?.runId === node.runId && request.moduleId === node.moduleId ? request.id : '';
}

function thresholdArgs(threshold: Threshold): ScriptArgument[] {
  return 'errors' in threshold ? ['', threshold.errors] : [threshold.rate, threshold.minExecutions];
}

export async function retrySchedule(deps: RedisDeps, { node, delayMs, maxAttempts }: RetryScheduleCommand) {
  const keys = nodeKeys(deps.keys.of(node.runId), node);
  const args = [deps.now(), node.phase, node.id, Math.max(0, delayMs), maxAttempts];
  return (await deps.runner.run(retryScript, keys, args)).code as CodeOf<typeof RetryCode>;
}

export async function terminateMark(deps: RedisDeps, { runId, moduleId, reason }: TerminateCommand) {
  const runKeys = deps.keys.of(runId);
  const keys = [runKeys.run, runKeys.shardDue, ...(moduleId === undefined ? [] : [runKeys.exec(moduleId)])];
  const { code } = await deps.runner.run(terminateScript, keys, [deps.now(), reason]);
  return code as CodeOf<typeof TerminateCode>;
}

export async function replay(deps: RedisDeps, { node, rejoin }: ReplayCommand): Promise<ReplayOutcome> {
  const reply = await runScoped(deps, replayScript, node, (runKeys) => ({
    keys: [runKeys.node(node.id), ...[...runKeys.modules.values()].map(({ exec }) => exec)],
    args: [node.id, rejoin ? 1 : 0],
  }));
  if (reply === undefined) return { code: ReplayCode.UNKNOWN_NODE, wakeUps: [] };
  return { code: reply.code as CodeOf<typeof ReplayCode>, wakeUps: readWakeUps(reply.payload, node) };
}
