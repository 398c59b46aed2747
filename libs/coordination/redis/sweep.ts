/** The sweeper's bounded steps. Scripts are told the keys of what stood due a moment ago, and look at each again. */
import { chainKeys, type DueMember, dueMembers } from '../../keys/keys.ts';
import { type CodeOf, DrainCode } from '../codes.ts';
import type { DrainCommand, DrainOutcome, DueEntry, DueTakeCommand, DueTakeOutcome } from '../commands.ts';
import { type PackedBell, readBell, readList } from './read-reply.ts';
import { findPlace, type RedisDeps, runScoped } from './redis-deps.ts';
import type { RedisClient } from './runner.ts';
import { drainScript, dueLookScript, dueScopeScript, dueTakeScript } from './scripts.ts';

/** Phases, deadlines and runs that one look takes up. */
const MAX_MEMBERS = 64;

type PhaseMember = Extract<DueMember, { kind: 'phase' | 'deadline' }>;

export async function dueTake(deps: RedisDeps, { shard, limit }: DueTakeCommand): Promise<DueTakeOutcome> {
  const look = await deps.runner.run(dueLookScript, [chainKeys.shardDue(shard)], [deps.now(), MAX_MEMBERS]);
  const [nowMs] = look.payload as readonly [number];
  const found = await Promise.all(look.texts.map((member) => findCandidates(deps, member, nowMs, limit)));
  const entries: DueEntry[] = [];
  let left = limit;
  for (const { member, due, ids } of found) {
    if (due?.kind !== 'phase') {
      entries.push(...(due === undefined ? [] : await lookAtScope(deps, member, due)));
      continue;
    }
    const taken = await takeNodes(deps, member, due, ids.slice(0, left));
    left -= taken.filter(({ kind }) => kind !== 'drain').length;
    entries.push(...taken);
  }
  return { entries, more: left === 0 || look.texts.length === MAX_MEMBERS };
}

async function findCandidates({ places, runner }: RedisDeps, member: string, nowMs: number, limit: number) {
  const due = dueMembers.parse(member);
  if (due?.kind !== 'phase') return { member, due, ids: [] };
  const key = places.of(due.runId).due(due.moduleId, due.phase);
  const range = (redis: RedisClient) => redis.zrange(key, '-inf', `${nowMs}`, 'BYSCORE', 'LIMIT', 0, limit);
  return { member, due, ids: await runner.ask('ZRANGE', range) };
}

/** A phase's nodes, and whether a mark or a deadline left some behind. */
async function takeNodes(deps: RedisDeps, member: string, due: PhaseMember, ids: readonly string[]): Promise<DueEntry[]> {
  const { runId, moduleId, phase } = due;
  const place = deps.places.of(runId);
  const keys = [place.run, place.exec(moduleId), place.shardDue, place.due(moduleId, phase)];
  const { dispatchGraceMs, decisionGraceMs } = deps.policy;
  const args = [deps.now(), member, phase, dispatchGraceMs, decisionGraceMs, ...ids];
  const { payload } = await deps.runner.run(dueTakeScript, [...keys, ...ids.map((id) => place.node(id))], args);
  const [left, taken] = payload as readonly [boolean, unknown];
  const entries = readList<Taken>(taken).map((entry) => readEntry(entry, due));
  return left ? [{ kind: 'drain', runId, moduleId, phase }, ...entries] : entries;
}

type Taken = readonly ['recover' | 'pump', id: string] | PackedBell;

function readEntry(taken: Taken, { runId, moduleId, phase }: PhaseMember): DueEntry {
  const [kind, id] = taken;
  if (kind === 'recover') return { kind, node: { id, runId, moduleId, phase } };
  if (kind === 'pump') return { kind, node: { id, runId, moduleId, phase } };
  return { kind: 'ring', bell: readBell(taken as PackedBell, { runId, moduleId }) };
}

type Scope = readonly [kind: 'none' | 'deadline' | 'settle' | 'drain', left?: unknown];

async function lookAtScope(deps: RedisDeps, member: string, due: DueMember): Promise<DueEntry[]> {
  const { runId } = due;
  const place = deps.places.of(runId);
  const modules = due.kind === 'run' ? [...((await findPlace(deps, runId))?.modules.values() ?? [])] : [];
  const execs = due.kind === 'run' ? modules.map(({ exec }) => exec) : [place.exec(due.moduleId)];
  const args = [deps.now(), member, due.kind === 'run' ? '' : due.phase, deps.policy.decisionGraceMs];
  const reply = await deps.runner.run(dueScopeScript, [place.run, place.shardDue, ...execs], args);
  const [kind, left] = reply.payload as Scope;
  if (kind === 'settle') return [{ kind, runId }];
  if (kind === 'deadline' && due.kind !== 'run') return [{ kind, runId, moduleId: due.moduleId, phase: due.phase }];
  const phases = readList<readonly [module: number, phase: number]>(left);
  return phases.map(([at, phase]) => ({ kind: 'drain', runId, moduleId: modules[at]!.moduleId, phase }));
}

/**
 * Ends a batch. Re-opened nodes of a closed phase live on: where the first ones of the set are such, the next page is tried,
 * so that they cannot hide what has to end.
 */
export async function scopeDrain(deps: RedisDeps, command: DrainCommand): Promise<DrainOutcome> {
  const { runId, moduleId, phase, limit } = command;
  const nothing: DrainOutcome = { code: DrainCode.NOTHING_TO_DRAIN, ended: 0, more: false };
  const due = deps.places.of(runId).due(moduleId, phase);
  for (let from = 0; ; ) {
    const start = from;
    const ids = await deps.runner.ask('ZRANGE', (redis) => redis.zrange(due, start, `${start + limit - 1}`));
    const reply = await runScoped(deps, drainScript, command, (place) => ({
      keys: ids.map((id) => place.node(id)),
      args: [phase, ...ids],
    }));
    if (reply === undefined) return nothing;
    const [ended, kept] = reply.payload as readonly [number, number];
    if (ended > 0) return { code: reply.code as CodeOf<typeof DrainCode>, ended, more: ids.length === limit };
    if (kept === 0 || ids.length < limit) return nothing;
    from += kept;
  }
}
