/** Ending an execution badly, and what becomes of it. */
import { chainKeys } from '../../keys/keys.ts';
import {
  type CommitErrorCode,
  type CommitErrorCommand,
  type DecideAction,
  DecideCode,
  type DecideCommand,
  type DecideOutcome,
  type RetryCode,
  type RetryScheduleCommand,
  type Threshold,
} from '../protocol/errors.ts';
import type { CodeOf } from '../protocol/outcome.ts';
import { nodeKeys } from './run-keys.ts';
import { type RedisDeps, runScoped } from './scripts/call.ts';
import { readBells } from './scripts/read-reply.ts';
import type { ScriptArgument } from './scripts/runner.ts';
import { commitErrorScript, decideScript, retryScript } from './scripts.ts';

export async function commitError(deps: RedisDeps, { node, token, error }: CommitErrorCommand) {
  const place = deps.places.of(node.runId);
  const keys = [...nodeKeys(place, node), place.outbox, place.timeline];
  const args = [deps.now(), node.phase, node.id, token, deps.policy.decisionGraceMs, error];
  return (await deps.runner.run(commitErrorScript, keys, args)).code as CodeOf<typeof CommitErrorCode>;
}

export async function thresholdDecide(deps: RedisDeps, command: DecideCommand): Promise<DecideOutcome> {
  const { node, epoch, fatal, maxAttempts, retryDelayMs, cooldown } = command;
  const request = fallbackOf(command);
  const reply = await runScoped(deps, decideScript, node, (place) => ({
    keys: [
      place.node(node.id),
      chainKeys.fallbackGate(place.shard, node.runId, node.moduleId),
      ...(request === '' ? [] : [place.node(request)]),
    ],
    args: [
      ...[node.id, epoch, fatal ? 1 : 0, maxAttempts, Math.max(0, retryDelayMs)],
      ...thresholdArgs(command.moduleThreshold),
      ...thresholdArgs(command.taskThreshold),
      ...[cooldown?.errors ?? 0, cooldown?.ms ?? 0, request],
    ],
  }));
  if (reply === undefined) return { code: DecideCode.CONTINUE, action: 'none', repeated: false, bells: [] };
  const [action, repeated, bells] = reply.payload as readonly [DecideAction, boolean, unknown];
  return { code: reply.code as CodeOf<typeof DecideCode>, action, repeated, bells: readBells(bells, node) };
}

/** A request of another module or phase is none to fall back to; one of another run would live in another slot. */
function fallbackOf({ node, fallback }: DecideCommand): string {
  const request = fallback?.request;
  return request?.runId === node.runId && request.moduleId === node.moduleId ? request.id : '';
}

function thresholdArgs(threshold: Threshold): ScriptArgument[] {
  return 'errors' in threshold ? ['', threshold.errors] : [threshold.rate, threshold.minExecutions];
}

export async function retrySchedule(deps: RedisDeps, { node, delayMs, maxAttempts }: RetryScheduleCommand) {
  const keys = nodeKeys(deps.places.of(node.runId), node);
  const args = [deps.now(), node.phase, node.id, Math.max(0, delayMs), maxAttempts];
  return (await deps.runner.run(retryScript, keys, args)).code as CodeOf<typeof RetryCode>;
}
