/** Bindings of reads; they change nothing. */
import { type Caps, type CapUse, readReached } from '../../contracts/caps.ts';
import { chainKeys, dueMembers } from '../../keys/keys.ts';
import { type ChainNode, LAST_OPENING_MS, type NodeRef, READY_HOP_MS } from '../protocol/node.ts';
import type {
  ByKind,
  DueFilter,
  EventFilter,
  ModuleSnapshot,
  NodeFilter,
  PhaseSnapshot,
  RunSnapshot,
  TimelineEvent,
} from '../protocol/reads.ts';
import { findRunKeys, type RedisDeps, runPlanned } from './scripts/call.ts';
import { NODE_TEXTS, readList, readNode } from './scripts/read-reply.ts';
import { bind, LOOK, type Script } from './scripts/script.ts';

const runReadScript = bind('reads/run_read.lua', LOOK, ['run', 'module*'], ['layout']);
const nodeReadScript = bind(
  'reads/node_read.lua',
  LOOK,
  ['run', 'due*', 'node*'],
  ['layout', 'modules', 'phases*', 'id*'],
);
const nodesLookScript = bind('reads/nodes_look.lua', LOOK, ['nodes', 'after*'], ['limit']);

export const READ_SCRIPTS: readonly Script[] = [runReadScript, nodeReadScript, nodesLookScript];

type PackedPhase = readonly [
  created: number,
  done: number,
  dead: number,
  open: number,
  closed: PhaseSnapshot['closed'],
  inside: PackedKinds,
  ready: PackedKinds,
  leftOut: number,
];

type PackedKinds = readonly [hops: number, requests: number];

type PackedModule = readonly [
  id: string,
  state: ModuleSnapshot['state'],
  reason: string,
  current: number,
  phases: unknown,
  executions: number,
  errors: number,
  front: number,
  revision: number,
  cooldownUntilMs: number,
];

type PackedRun = readonly [
  state: RunSnapshot['state'],
  mark: RunSnapshot['mark'],
  reason: string,
  paused: boolean,
  openings: number,
  modules: unknown,
  capUse: PackedUse | false,
];

/** The caps, each -1 for none, and what was used. */
type PackedUse = readonly [
  ...[pages: number, items: number, bytes: number, depth: number],
  ...[usedPages: number, usedItems: number, usedBytes: number, reached: string, leftOut: number],
];

export async function findRun(deps: RedisDeps, runId: string): Promise<RunSnapshot | undefined> {
  const reply = await runPlanned(deps, runReadScript, runId, ({ run, modules, stamp }) => ({
    keys: [run, ...[...modules.values()].flatMap(({ exec, due }) => [exec, ...due])],
    args: [stamp],
  }));
  if (reply === undefined) return undefined;
  const [state, mark, reason, paused, openings, modules, use] = reply.payload as PackedRun;
  return {
    ...{ runId, state, mark, reason, paused, openings },
    ...(use === false ? {} : { capUse: readUse(use) }),
    modules: readList<PackedModule>(modules).map(readModule),
  };
}

function readUse([capPages, capItems, capBytes, depth, pages, items, bytes, reached, leftOut]: PackedUse): CapUse {
  const caps: Caps = {
    ...(capPages < 0 ? {} : { pages: capPages }),
    ...(capItems < 0 ? {} : { items: capItems }),
    ...(depth < 0 ? {} : { depth }),
    ...(capBytes < 0 ? {} : { bytes: capBytes }),
  };
  return { caps, pages, items, bytes, reached: readReached(reached), leftOut, itemsLeftOut: 0 };
}

function readModule(packed: PackedModule): ModuleSnapshot {
  const [moduleId, state, reason, currentPhase, phases, executions, errors, front, revision, cooldownUntilMs] = packed;
  const read = readList<PackedPhase>(phases).map(([created, done, dead, open, closed, inside, ready, leftOut]) => {
    const left = leftOut === 0 ? {} : { leftOut };
    return { created, done, dead, ...left, open, closed, inside: byKind(inside), ready: byKind(ready) };
  });
  return { moduleId, state, reason, currentPhase, front, revision, phases: read, executions, errors, cooldownUntilMs };
}

function byKind([hop, request]: PackedKinds): ByKind {
  return { hop, request };
}

export async function findNode(deps: RedisDeps, { runId, id }: NodeRef): Promise<ChainNode | undefined> {
  return (await readNodes(deps, runId, [id]))[0];
}

/** Nodes that one script reads. */
const PAGE = 500;

export async function listNodes(deps: RedisDeps, filter: NodeFilter): Promise<readonly ChainNode[]> {
  const { runId, state, deathReason, limit } = filter;
  const runKeys = deps.keys.of(runId);
  const nodes: ChainNode[] = [];
  let after = filter.after;
  for (;;) {
    const page = Math.min(PAGE, state === undefined && deathReason === undefined ? limit - nodes.length : PAGE);
    const keys = [runKeys.nodes, ...(after === undefined ? [] : [runKeys.node(after)])];
    const { texts } = await deps.runner.run(nodesLookScript, keys, [page]);
    for (const node of await readNodes(deps, runId, texts)) {
      if (nodes.length === limit) return nodes;
      if (state !== undefined && node.state !== state) continue;
      if (deathReason === undefined || node.deathReason === deathReason) nodes.push(node);
    }
    if (texts.length < page || nodes.length === limit) return nodes;
    after = texts.at(-1);
  }
}

export async function listDue(deps: RedisDeps, { runId, limit }: DueFilter): Promise<readonly ChainNode[]> {
  const runKeys = await findRunKeys(deps, runId);
  const phases = [...(runKeys?.modules.values() ?? [])].flatMap(({ due }) => due);
  const firstOf = (key: string, from: string, to: string) =>
    deps.runner.ask('ZRANGE', (redis) => redis.zrange(key, from, to, 'BYSCORE', 'LIMIT', 0, limit));
  const ids = await Promise.all(
    phases.flatMap((key) => [firstOf(key, '-inf', `(${READY_HOP_MS}`), firstOf(key, `${LAST_OPENING_MS}`, '+inf')]),
  );
  const all = ids.flat();
  const nodes: ChainNode[] = [];
  // One page after the other, so that nobody waits long for Redis.
  for (let at = 0; at < all.length; at += PAGE) nodes.push(...(await readNodes(deps, runId, all.slice(at, at + PAGE))));
  // Some may have ended since.
  return nodes.filter(({ dueAtMs }) => dueAtMs > 0);
}

/** The nodes with these ids that exist. */
export async function readNodes(deps: RedisDeps, runId: string, ids: readonly string[]): Promise<ChainNode[]> {
  if (ids.length === 0) return [];
  let moduleIds: readonly string[] = [];
  const reply = await runPlanned(deps, nodeReadScript, runId, (runKeys) => {
    moduleIds = [...runKeys.modules.keys()];
    const modules = [...runKeys.modules.values()];
    const phases = modules.map(({ due }) => due.length);
    const keys = [runKeys.run, ...modules.flatMap(({ due }) => due), ...ids.map((id) => runKeys.node(id))];
    return { keys, args: [runKeys.stamp, modules.length, ...phases, ...ids] };
  });
  const texts = reply?.texts ?? [];
  return Array.from({ length: texts.length / NODE_TEXTS }, (_, at) =>
    readNode(texts, at * NODE_TEXTS, runId, (module) => moduleIds[module]!),
  );
}

export async function listEvents(deps: RedisDeps, { runId, afterSeq, limit }: EventFilter): Promise<TimelineEvent[]> {
  const { timeline } = deps.keys.of(runId);
  const range = await deps.runner.ask('LRANGE', (redis) => redis.lrange(timeline, afterSeq, afterSeq + limit - 1));
  return range.map((text, at) => {
    const { id, type, atMs, data } = JSON.parse(text) as Omit<TimelineEvent, 'seq'>;
    return { seq: afterSeq + at + 1, id, type, atMs, data };
  });
}

/** Members read per call. */
const SCANNED = 500;

/** Lists the runs that a shard's due set names, each once. */
export async function* liveRuns({ runner }: RedisDeps, shard: number): AsyncGenerator<string> {
  const key = chainKeys.shardDue(shard);
  const known = new Set<string>();
  let cursor = '0';
  do {
    const [next, pairs] = await runner.ask('ZSCAN', (redis) => redis.zscan(key, cursor, 'COUNT', SCANNED));
    cursor = next;
    // Members and scores in turn.
    for (let at = 0; at < pairs.length; at += 2) {
      const runId = dueMembers.parse(pairs[at]!)?.runId;
      if (runId === undefined || known.has(runId)) continue;
      known.add(runId);
      yield runId;
    }
  } while (cursor !== '0');
}
