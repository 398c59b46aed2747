/** Bindings: open, control, close, audit and purge a run. */

import { type Caps, hasCaps } from '../../contracts/caps.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { chainKeys, dueMembers } from '../../keys/keys.ts';
import { assertChildren } from '../protocol/assertions.ts';
import type { CodeOf, WithWakeUps } from '../protocol/outcome.ts';
import {
  type AuditReport,
  ControlCode,
  type ModulePlan,
  type PhasePlan,
  type PurgeCommand,
  type PurgeOutcome,
  RunOpenCode,
  type RunOpenCommand,
  SettleCode,
} from '../protocol/runs.ts';
import { layoutOf, learnLayout, type ModuleKeys } from './run-keys.ts';
import { findRunKeys, type PlannedKeys, policyArg, type RedisDeps, runPlanned, seedArgs } from './scripts/call.ts';
import { type PackedWakeUp, readList, readWakeUp } from './scripts/read-reply.ts';
import type { ScriptArgument } from './scripts/script.ts';
import { bind, LOOK, SCOPE_ARGS, type Script } from './scripts/script.ts';

/** Codes of an audit, which counts in batches; `MOVED`: the run changed meanwhile. */
const AuditCode = { DONE: 0, MOVED: 1 } as const;
/** Codes of a purge; OTHER_BATCH when another caller deleted the batch after the look. */
const PurgeCode = { DELETED: 0, NOT_CLOSED: 1, OTHER_BATCH: 2 } as const;

const runOpenScript = bind(
  'runs/run_open.lua',
  ['RunOpenCode', RunOpenCode],
  ['run', 'plan', 'shard_due', 'outbox', 'timeline', 'nodes', 'reorder', 'module*'],
  [...SCOPE_ARGS, 'run_id', 'member', 'layout_json', 'task_id', 'modules', 'caps', 'module*'],
);
const controlScript = bind(
  'runs/run_control.lua',
  ['ControlCode', ControlCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'layout', 'action'],
);
const settleScript = bind('runs/run_settle.lua', ['SettleCode', SettleCode], ['run', 'shard_due'], []);
const auditScript = bind(
  'runs/run_audit.lua',
  ['AuditCode', AuditCode],
  ['run', 'shard_due', 'exec*'],
  ['now', 'layout', 'counts'],
);
const auditCountScript = bind('runs/audit_count.lua', LOOK, ['due*', 'node*'], ['now', 'modules', 'phases*', 'id*']);
const purgeScript = bind(
  'runs/run_purge.lua',
  ['PurgeCode', PurgeCode],
  ['run', 'nodes', 'gone*'],
  ['count', 'last', 'layout'],
);
const purgeLookScript = bind('runs/purge_look.lua', LOOK, ['node*'], []);

export const RUN_SCRIPTS: readonly Script[] = [
  runOpenScript,
  controlScript,
  settleScript,
  auditScript,
  auditCountScript,
  purgeScript,
  purgeLookScript,
];

export async function runOpen(
  deps: RedisDeps,
  { runId, taskId = runId, modules, caps }: RunOpenCommand,
): Promise<WithWakeUps<CodeOf<typeof RunOpenCode>>> {
  for (const { moduleId, first, phases } of modules) {
    assertChildren(first, 0, phases.length);
    assertWellFormed(moduleId);
  }
  assertWellFormed(runId);
  const runKeys = deps.keys.of(runId);
  const layout = layoutOf(modules);
  const { run, plan, shardDue, outbox, timeline, nodes, reorder } = runKeys;
  const keys = [run, plan, shardDue, outbox, timeline, nodes, reorder];
  const args: ScriptArgument[] = [deps.now(), layout.stamp, policyArg(deps.policy), runId, dueMembers.run(runId)];
  args.push(JSON.stringify(layout), taskId, modules.length, capsArg(caps));
  for (const { moduleId, phases, first, earlyAtMs = 0, fetchSteps = [] } of modules) {
    const openers = phases.flatMap(({ opener }) => (opener === undefined ? [] : [opener]));
    keys.push(runKeys.exec(moduleId), ...phases.map((_, phase) => runKeys.due(moduleId, phase)));
    keys.push(...[...openers, ...first].map((seed) => runKeys.node(seed.id)));
    args.push(moduleId, dueMembers.module(runId, moduleId), phases.length, first.length, earlyAtMs);
    args.push(hasCaps(caps) && fetchSteps.length > 0 ? `;${fetchSteps.join(';')};` : '');
    args.push(...phases.flatMap(phaseArgs), ...first.flatMap(seedArgs));
  }
  const { code, payload } = await deps.runner.run(runOpenScript, keys, args);
  if (code !== RunOpenCode.OPENED) return { code: code as CodeOf<typeof RunOpenCode>, wakeUps: [] };
  learnLayout(runKeys, layout);
  return {
    code,
    wakeUps: readList<PackedWakeUp>(payload).map((wakeUp) => readWakeUp(wakeUp, homeOf(wakeUp, runId, modules))),
  };
}

/** As `run_open.lua` reads them. */
function capsArg(caps: Caps | undefined): string {
  if (!hasCaps(caps)) return '';
  const { pages = -1, items = -1, bytes = -1, depth = -1 } = caps;
  return [pages, items, bytes, depth].join(',');
}

function phaseArgs({ deadlineAtMs, join, opener }: PhasePlan): ScriptArgument[] {
  const { maxDead = -1, maxDeadRate = -1 } = join.kind === 'threshold' ? join : {};
  const seed = opener === undefined ? [0] : [1, ...seedArgs(opener)];
  return [deadlineAtMs ?? 0, join.kind, maxDead, maxDeadRate, ...seed];
}

/** Reads the wake-ups of an opened run, which belong to all its modules. */
function homeOf([, id]: PackedWakeUp, runId: string, modules: readonly ModulePlan[]) {
  const owns = ({ first, phases }: ModulePlan) =>
    first.some((seed) => seed.id === id) || phases.some(({ opener }) => opener?.id === id);
  return { runId, moduleId: modules.find(owns)?.moduleId ?? '' };
}

/** Refuses malformed names, because set members contain names and are parsed again. */
function assertWellFormed(name: string): void {
  if (name.isWellFormed()) return;
  throw new CatenaError('coordination.malformed_name', `a name contains a lone surrogate: ${name.toWellFormed()}`, {
    remedy: 'cut strings at whole characters',
  });
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
  const { run, shardDue } = deps.keys.of(runId);
  const { code } = await deps.runner.run(settleScript, [run, shardDue], []);
  return code as CodeOf<typeof SettleCode>;
}

/** Nodes of a phase by kind: hops and requests inside the window, then ready hops and requests. */
type Windows = readonly [number, number, number, number];

/** Counters of a phase: created, done, dead, superseded, re-opened and open, left out. */
type Kept = readonly [number, number, number, number, number, ...Windows, number];

/** Counts of its nodes: nodes, done, dead, superseded, in the due set, re-opened and open, left out. */
type Counted = [number, number, number, number, number, number, ...Windows, number];

const BATCH = 500;

const MAX_TRIES = 5;

/**
 * Counts in batches, and sets the counters if none has changed meanwhile; otherwise it counts again. Throws
 * `coordination.audit_unsettled` (retryable) for a run that keeps changing.
 */
export async function runAudit(deps: RedisDeps, { runId }: { readonly runId: string }): Promise<AuditReport> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const runKeys = await findRunKeys(deps, runId);
    if (runKeys === undefined) return { nodes: 0, drift: [] };
    const modules = [...runKeys.modules.values()];
    const keys = [runKeys.run, runKeys.shardDue, ...modules.map(({ exec }) => exec)];
    const read = await deps.runner.run(auditScript, keys, [deps.now(), runKeys.stamp, '']);
    if (read.code < 0) {
      deps.keys.forget(runId);
      continue;
    }
    const kept = readList<unknown>(read.payload).map(readList<Kept>);
    const counted = await countAll(deps, runKeys, modules);
    const counts = kept.map((phases, at) => phases.map((each, phase) => [each, repaired(counted[at]![phase]!)]));
    const { code } = await deps.runner.run(auditScript, keys, [deps.now(), runKeys.stamp, JSON.stringify(counts)]);
    if (code !== AuditCode.DONE) continue;
    const nodes = counted.flat().reduce((sum, [each]) => sum + each, 0);
    return { nodes, drift: modules.flatMap((module, at) => driftOf(module, kept[at]!, counted[at]!)) };
  }
  throw new CatenaError('coordination.audit_unsettled', `run ${runId} changed while its nodes were counted`, {
    class: 'retryable',
    data: { runId },
    remedy: 'pause the run and audit it again',
  });
}

async function countAll(deps: RedisDeps, runKeys: PlannedKeys, modules: readonly ModuleKeys[]): Promise<Counted[][]> {
  const phases = modules.map(({ due }) => due.length);
  const totals = modules.map(({ due }) => due.map((): Counted => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  const due = modules.flatMap((module) => module.due);
  for (let from = 0; ; from += BATCH) {
    const start = from;
    const ids = await deps.runner.ask('LRANGE', (redis) => redis.lrange(runKeys.nodes, start, start + BATCH - 1));
    const keys = [...due, ...ids.map((id) => runKeys.node(id))];
    const args = [deps.now(), modules.length, ...phases, ...ids];
    const counts = readList<Counted>((await deps.runner.run(auditCountScript, keys, args)).payload);
    for (const [at, total] of totals.flat().entries()) {
      for (const [field, count] of counts[at]!.entries()) total[field] = total[field]! + count;
    }
    if (ids.length < BATCH) return totals;
  }
}

function repaired([nodes, done, dead, superseded, , reopened, ...rest]: Counted): Kept {
  return [nodes, done, dead, superseded, reopened, ...rest];
}

function driftOf({ moduleId }: ModuleKeys, kept: readonly Kept[], counted: readonly Counted[]): string[] {
  return kept.flatMap(([created, done, dead, superseded, reopened, ...rest], phase) => {
    const nodes = counted[phase]!;
    const pairs = [
      ['created', created, nodes[0]],
      ['done', done, nodes[1]],
      ['dead', dead, nodes[2]],
      ['superseded', superseded, nodes[3]],
      ['due', created - done - dead, nodes[4]],
      ['reopened', reopened, nodes[5]],
      ['hops inside', rest[0], nodes[6]],
      ['requests inside', rest[1], nodes[7]],
      ['ready hops', rest[2], nodes[8]],
      ['ready requests', rest[3], nodes[9]],
      ['left out', rest[4], nodes[10]],
    ] as const;
    return pairs
      .filter(([, was, actual]) => was !== actual)
      .map(([name, was, actual]) => `${moduleId} phase ${phase}: ${name} is kept as ${was}, the nodes say ${actual}`);
  });
}

/** A purge that loses this many races leaves the rest to the other callers. */
const MAX_LOOKS = 5;

/** Deletes the last nodes first, so that the rest can still be listed. An empty batch deletes the run itself. */
export async function runPurge(deps: RedisDeps, { runId, limit }: PurgeCommand): Promise<PurgeOutcome> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const runKeys = await findRunKeys(deps, runId);
    if (runKeys === undefined) return { deleted: 0, more: false };
    const ids = await deps.runner.ask('LRANGE', (redis) => redis.lrange(runKeys.nodes, -limit, -1));
    const code = ids.length === 0 ? await purgeRun(deps, runKeys) : await purgeNodes(deps, runKeys, ids);
    if (code < 0) deps.keys.forget(runId);
    if (code < 0 || code === PurgeCode.OTHER_BATCH) continue;
    if (code === PurgeCode.NOT_CLOSED) return { deleted: 0, more: false };
    if (ids.length === limit) return { deleted: ids.length, more: true };
    if (ids.length > 0) await purgeRun(deps, runKeys);
    return { deleted: ids.length, more: false };
  }
  return { deleted: 0, more: true };
}

async function purgeNodes({ runner }: RedisDeps, runKeys: PlannedKeys, ids: readonly string[]): Promise<number> {
  const nodes = ids.map((id) => runKeys.node(id));
  const tokens = readList<unknown>((await runner.run(purgeLookScript, nodes, [])).payload).map(readList<string>);
  const staged = ids.flatMap((id, at) => tokens[at]!.map((token) => chainKeys.staged(runKeys.shard, id, token)));
  const keys = [runKeys.run, runKeys.nodes, ...nodes, ...staged];
  return (await runner.run(purgeScript, keys, [ids.length, ids.at(-1)!, runKeys.stamp])).code;
}

async function purgeRun(deps: RedisDeps, runKeys: PlannedKeys): Promise<number> {
  const { runId, shard, run, plan, nodes, timeline, reorder } = runKeys;
  const modules = [...runKeys.modules.values()].flatMap(({ moduleId, exec, due }) => {
    return [exec, ...due, chainKeys.fallbackGate(shard, runId, moduleId)];
  });
  const keys = [run, nodes, plan, timeline, reorder, ...modules];
  const { code } = await deps.runner.run(purgeScript, keys, [0, '', runKeys.stamp]);
  deps.keys.forget(runId);
  return code;
}
