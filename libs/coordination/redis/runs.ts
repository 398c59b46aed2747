/** How runs open, are paused, marked, settled, and their phases closed by a deadline. */
import { CatenaError } from '../../errors/catena-error.ts';
import { dueMembers } from '../../keys/keys.ts';
import { assertChildren } from '../protocol/assert-children.ts';
import {
  ReplayCode,
  type ReplayCommand,
  type ReplayOutcome,
  type TerminateCode,
  type TerminateCommand,
} from '../protocol/errors.ts';
import type { CodeOf, WithBells } from '../protocol/outcome.ts';
import { PhaseCloseCode, type PhaseCloseCommand } from '../protocol/phases.ts';
import {
  ControlCode,
  type ModulePlan,
  type PhasePlan,
  RunOpenCode,
  type RunOpenCommand,
  type SettleCode,
} from '../protocol/runs.ts';
import { layoutOf, learnLayout } from './run-keys.ts';
import { type RedisDeps, runPlanned, runScoped } from './scripts/call.ts';
import { type PackedBell, readBell, readBells, readList } from './scripts/read-reply.ts';
import type { ScriptArgument } from './scripts/runner.ts';
import {
  controlScript,
  phaseCloseScript,
  replayScript,
  runOpenScript,
  settleScript,
  terminateScript,
} from './scripts.ts';
import { seedArgs } from './seed-args.ts';

export async function runOpen(
  deps: RedisDeps,
  { runId, modules }: RunOpenCommand,
): Promise<WithBells<CodeOf<typeof RunOpenCode>>> {
  for (const { moduleId, first, phases } of modules) {
    assertChildren(first, 0, phases.length);
    assertWellFormed(moduleId);
  }
  assertWellFormed(runId);
  const place = deps.places.of(runId);
  const layout = layoutOf(modules);
  const { run, plan, shardDue, outbox, timeline, nodes, reorder } = place;
  const keys = [run, plan, shardDue, outbox, timeline, nodes, reorder];
  const args: ScriptArgument[] = [deps.now(), layout.stamp, deps.policy.dispatchGraceMs, runId, dueMembers.run(runId)];
  args.push(JSON.stringify(layout), modules.length);
  for (const { moduleId, phases, first } of modules) {
    const openers = phases.flatMap(({ opener }) => (opener === undefined ? [] : [opener]));
    keys.push(place.exec(moduleId), ...phases.map((_, phase) => place.due(moduleId, phase)));
    keys.push(...[...openers, ...first].map((seed) => place.node(seed.id)));
    args.push(moduleId, dueMembers.module(runId, moduleId), phases.length, first.length);
    args.push(...phases.flatMap(phaseArgs), ...first.flatMap(seedArgs));
  }
  const { code, payload } = await deps.runner.run(runOpenScript, keys, args);
  if (code !== RunOpenCode.OPENED) return { code: code as CodeOf<typeof RunOpenCode>, bells: [] };
  learnLayout(place, layout);
  return { code, bells: readList<PackedBell>(payload).map((bell) => readBell(bell, homeOf(bell, runId, modules))) };
}

function phaseArgs({ deadlineAtMs, join, opener }: PhasePlan): ScriptArgument[] {
  const { maxDead = -1, maxDeadRate = -1 } = join.kind === 'threshold' ? join : {};
  const seed = opener === undefined ? [0] : [1, ...seedArgs(opener)];
  return [deadlineAtMs ?? 0, join.kind, maxDead, maxDeadRate, ...seed];
}

/** The bells of a run that opens are of all its modules. */
function homeOf([, id]: PackedBell, runId: string, modules: readonly ModulePlan[]) {
  const owns = ({ first, phases }: ModulePlan) =>
    first.some((seed) => seed.id === id) || phases.some(({ opener }) => opener?.id === id);
  return { runId, moduleId: modules.find(owns)?.moduleId ?? '' };
}

/** Names stand in members of sets that are read back. */
function assertWellFormed(name: string): void {
  if (name.isWellFormed()) return;
  throw new CatenaError('coordination.malformed_name', `a name with a lone surrogate: ${name.toWellFormed()}`, {
    remedy: 'cut strings at whole characters',
  });
}

export async function terminateMark(deps: RedisDeps, { runId, moduleId, reason }: TerminateCommand) {
  const place = deps.places.of(runId);
  const keys = [place.run, place.shardDue, ...(moduleId === undefined ? [] : [place.exec(moduleId)])];
  const { code } = await deps.runner.run(terminateScript, keys, [deps.now(), reason]);
  return code as CodeOf<typeof TerminateCode>;
}

export async function runControl(
  deps: RedisDeps,
  { runId, action }: { readonly runId: string; readonly action: 'pause' | 'resume' | 'cancel' },
) {
  const reply = await runPlanned(deps, controlScript, runId, ({ run, shardDue, stamp, modules }) => ({
    keys: [run, shardDue, ...[...modules.values()].map(({ exec }) => exec)],
    args: [deps.now(), stamp, action],
  }));
  return (reply?.code ?? ControlCode.RUN_CLOSED) as CodeOf<typeof ControlCode>;
}

export async function runSettle(deps: RedisDeps, { runId }: { readonly runId: string }) {
  const { run, shardDue } = deps.places.of(runId);
  const { code } = await deps.runner.run(settleScript, [run, shardDue], []);
  return code as CodeOf<typeof SettleCode>;
}

export async function phaseClose(
  deps: RedisDeps,
  command: PhaseCloseCommand,
): Promise<WithBells<CodeOf<typeof PhaseCloseCode>>> {
  const reply = await runScoped(deps, phaseCloseScript, command, () => ({ keys: [], args: [command.phase] }));
  if (reply === undefined) return { code: PhaseCloseCode.ALREADY_CLOSED, bells: [] };
  return { code: reply.code as CodeOf<typeof PhaseCloseCode>, bells: readBells(reply.payload, command) };
}

export async function replay(deps: RedisDeps, { node, rejoin }: ReplayCommand): Promise<ReplayOutcome> {
  const reply = await runScoped(deps, replayScript, node, (place) => ({
    keys: [place.node(node.id), ...[...place.modules.values()].map(({ exec }) => exec)],
    args: [node.id, rejoin ? 1 : 0],
  }));
  if (reply === undefined) return { code: ReplayCode.UNKNOWN_NODE, bells: [] };
  return { code: reply.code as CodeOf<typeof ReplayCode>, bells: readBells(reply.payload, node) };
}
