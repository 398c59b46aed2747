/** Bindings that take due entries. A read lists the candidates first; the script gets their keys and checks each again. */

import { chainKeys, type DueMember, dueMembers } from '../../keys/keys.ts';
import { LAST_OPENING_MS, type NodeKind, READY_REQUEST_MS, readyAt } from '../protocol/node.ts';
import {
  type DueEntry,
  type DueTakeCommand,
  type DueTakeOutcome,
  type FillCommand,
  type FillOutcome,
  MAX_ENDS,
} from '../protocol/sweep.ts';
import { type RedisDeps, runPlanned, windowsArg } from './scripts/call.ts';
import { type PackedWakeUp, readFill, readList, readWakeUp, readWakeUps } from './scripts/read-reply.ts';
import type { RedisClient } from './scripts/script.ts';
import { bind, LOOK, type Script } from './scripts/script.ts';

const dueLookScript = bind('sweep/due_look.lua', LOOK, ['shard_due'], ['now', 'limit', 'ends']);
const dueScopeScript = bind(
  'sweep/due_scope.lua',
  LOOK,
  ['run', 'shard_due', 'exec*'],
  ['now', 'member', 'phase', 'grace_ms', 'layout'],
);
const dueTakeScript = bind(
  'sweep/due_take.lua',
  LOOK,
  ['run', 'exec', 'shard_due', 'due', 'node*'],
  ['now', 'member', 'phase', 'grace_ms', 'decision_ms', 'response_ms', 'windows', 'id*'],
);
const windowFillScript = bind(
  'sweep/window_fill.lua',
  LOOK,
  ['run', 'exec', 'shard_due', 'due', 'node*'],
  ['now', 'phase', 'grace_ms', 'windows', 'id*'],
);

export const SWEEP_SCRIPTS: readonly Script[] = [dueLookScript, dueScopeScript, dueTakeScript, windowFillScript];

/** Deadlines and early openings per read, and as many phases. */
const MAX_MEMBERS = 64;

type PhaseMember = Extract<DueMember, { kind: 'phase' | 'deadline' }>;

export async function dueTake(deps: RedisDeps, { shard, limit }: DueTakeCommand): Promise<DueTakeOutcome> {
  const look = await deps.runner.run(dueLookScript, [chainKeys.shardDue(shard)], [deps.now(), MAX_MEMBERS, MAX_ENDS]);
  const [nowMs, isFull] = look.payload as readonly [number, boolean];
  const found = await Promise.all(look.texts.map((member) => findCandidates(deps, member, nowMs, limit)));
  const entries: DueEntry[] = [];
  // By module, in the order in which they were found.
  const fills = new Map<string, Pick<FillCommand, 'runId' | 'moduleId' | 'phase'>>();
  let left = limit;
  for (const { member, due, ids } of found) {
    if (due?.kind !== 'phase') {
      entries.push(...(due === undefined ? [] : await readScope(deps, member, due)));
      continue;
    }
    const { taken, toFill } = await takeNodes(deps, member, due, ids.slice(0, left));
    left -= taken.filter(({ kind }) => kind !== 'drain').length;
    entries.push(...taken);
    const { runId, moduleId } = due;
    if (toFill !== undefined) fills.set(member.slice(0, member.lastIndexOf(':')), { runId, moduleId, phase: toFill });
  }
  for (const fill of fills.values()) {
    const { wakeUps } = await windowFill(deps, { ...fill, hops: left, requests: left });
    left = Math.max(0, left - wakeUps.length);
    entries.push(...wakeUps.map((wakeUp) => ({ kind: 'notify', wakeUp }) as const));
  }
  return { entries, more: left === 0 || isFull };
}

async function findCandidates({ keys, runner }: RedisDeps, member: string, nowMs: number, limit: number) {
  const due = dueMembers.parse(member);
  if (due?.kind !== 'phase') return { member, due, ids: [] };
  const key = keys.of(due.runId).due(due.moduleId, due.phase);
  const range = (from: string, to: string) => (redis: RedisClient) =>
    redis.zrange(key, from, to, 'BYSCORE', 'LIMIT', 0, limit);
  const passed = runner.ask('ZRANGE', range('-inf', `${nowMs}`));
  // What waits for the last opening of its phase; the script knows whether that has come. Nothing does in a first phase.
  const waiting = due.phase === 0 ? [] : runner.ask('ZRANGE', range(`${LAST_OPENING_MS}`, '+inf'));
  return { member, due, ids: [...(await passed), ...(await waiting)].slice(0, limit) };
}

/** Takes a phase's due nodes, and tells whether the phase has to be drained. */
async function takeNodes(
  deps: RedisDeps,
  member: string,
  due: PhaseMember,
  ids: readonly string[],
): Promise<{ readonly taken: readonly DueEntry[]; readonly toFill?: number }> {
  const { runId, moduleId, phase } = due;
  const runKeys = deps.keys.of(runId);
  const keys = [runKeys.run, runKeys.exec(moduleId), runKeys.shardDue, runKeys.due(moduleId, phase)];
  const { dispatchGraceMs, decisionGraceMs, responseGraceMs } = deps.policy;
  const graces = [dispatchGraceMs, decisionGraceMs, responseGraceMs];
  const args = [deps.now(), member, phase, ...graces, windowsArg(deps.policy), ...ids];
  const { payload } = await deps.runner.run(dueTakeScript, [...keys, ...ids.map((id) => runKeys.node(id))], args);
  const [left, taken, fill] = payload as readonly [left: boolean, taken: unknown, fill?: number];
  const entries = readList<Taken>(taken).map((entry) => readEntry(entry, due));
  const drain: DueEntry[] = left ? [{ kind: 'drain', runId, moduleId, phase }] : [];
  return { taken: [...drain, ...entries], ...readFill(fill ?? -1) };
}

export async function windowFill(deps: RedisDeps, command: FillCommand): Promise<FillOutcome> {
  const { runId, moduleId, phase, hops, requests } = command;
  const runKeys = deps.keys.of(runId);
  const due = runKeys.due(moduleId, phase);
  const { dispatchGraceMs, hopWindow, requestWindow } = deps.policy;
  const ready = (kind: NodeKind, limit: number): Promise<string[]> =>
    deps.runner.ask('ZRANGE', (redis) => {
      const until = kind === 'hop' ? READY_REQUEST_MS : LAST_OPENING_MS;
      return redis.zrange(due, `${readyAt(kind, 0)}`, `(${until}`, 'BYSCORE', 'LIMIT', 0, limit);
    });
  const found = await Promise.all([
    ready('hop', Math.min(hops, hopWindow)),
    ready('request', Math.min(requests, requestWindow)),
  ]);
  const ids = found.flat();
  const keys = [runKeys.run, runKeys.exec(moduleId), runKeys.shardDue, due, ...ids.map((id) => runKeys.node(id))];
  const args = [deps.now(), phase, dispatchGraceMs, windowsArg(deps.policy), ...ids];
  const { payload } = await deps.runner.run(windowFillScript, keys, args);
  const [taken, fill] = payload as readonly [taken: unknown, fill: number];
  return { wakeUps: readWakeUps(taken, { runId, moduleId }), ...readFill(fill) };
}

type Taken = readonly ['recover' | 'pump', id: string, isFetched?: boolean] | PackedWakeUp;

function readEntry(taken: Taken, { runId, moduleId, phase }: PhaseMember): DueEntry {
  const [kind, id, isFetched] = taken;
  if (kind === 'recover') return { kind, node: { id, runId, moduleId, phase }, isFetched: isFetched === true };
  if (kind === 'pump') return { kind, node: { id, runId, moduleId, phase } };
  return { kind: 'notify', wakeUp: readWakeUp(taken as PackedWakeUp, { runId, moduleId }) };
}

type Scope = readonly [kind: 'none' | 'deadline' | 'early' | 'settle' | 'drain', left?: unknown];

/** Reads a passed deadline, an early opening, or what a marked or closing run needs. */
async function readScope(deps: RedisDeps, member: string, due: DueMember): Promise<DueEntry[]> {
  if (due.kind === 'run') return readRunEntry(deps, member, due.runId);
  return due.kind === 'early' ? readEarly(deps, member, due) : readDeadline(deps, member, due);
}

async function readDeadline(deps: RedisDeps, member: string, due: PhaseMember): Promise<DueEntry[]> {
  const { runId, moduleId, phase } = due;
  const runKeys = deps.keys.of(runId);
  const keys = [runKeys.run, runKeys.shardDue, runKeys.exec(moduleId)];
  const { payload } = await deps.runner.run(dueScopeScript, keys, [deps.now(), member, phase, 0, '']);
  return (payload as Scope)[0] === 'deadline' ? [{ kind: 'deadline', runId, moduleId, phase }] : [];
}

async function readEarly(
  deps: RedisDeps,
  member: string,
  { runId, moduleId }: { readonly runId: string; readonly moduleId: string },
): Promise<DueEntry[]> {
  const runKeys = deps.keys.of(runId);
  const keys = [runKeys.run, runKeys.shardDue, runKeys.exec(moduleId)];
  const { payload } = await deps.runner.run(dueScopeScript, keys, [deps.now(), member, -1, 0, '']);
  return (payload as Scope)[0] === 'early' ? [{ kind: 'early', runId, moduleId }] : [];
}

async function readRunEntry(deps: RedisDeps, member: string, runId: string): Promise<DueEntry[]> {
  const args = (stamp: string) => [deps.now(), member, '', deps.policy.decisionGraceMs, stamp];
  let moduleIds: readonly string[] = [];
  const reply = await runPlanned(deps, dueScopeScript, runId, ({ run, shardDue, modules, stamp }) => {
    moduleIds = [...modules.keys()];
    return { keys: [run, shardDue, ...[...modules.values()].map(({ exec }) => exec)], args: args(stamp) };
  });
  if (reply === undefined) {
    // The run was purged: the script removes its member.
    const { run, shardDue } = deps.keys.of(runId);
    await deps.runner.run(dueScopeScript, [run, shardDue], args(''));
    return [];
  }
  const [kind, left] = reply.payload as Scope;
  if (kind === 'settle') return [{ kind, runId }];
  const phases = readList<readonly [module: number, phase: number]>(left);
  return phases.map(([at, phase]) => ({ kind: 'drain', runId, moduleId: moduleIds[at]!, phase }));
}
