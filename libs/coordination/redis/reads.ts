/** Reads; none of them changes anything. */
import type { EventFilter, NodeFilter, TimelineEvent } from '../commands.ts';
import type { ChainNode, NodeRef } from '../node.ts';
import type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../snapshot.ts';
import { type PackedNode, readList, readNode } from './read-reply.ts';
import { findPlace, type KnownPlace, type RedisDeps } from './redis-deps.ts';
import { ReadCode } from './script.ts';
import { nodeReadScript, nodesLookScript, runReadScript } from './scripts.ts';

type PackedPhase = readonly [created: number, done: number, dead: number, open: number, closed: PhaseSnapshot['closed']];
type PackedModule = readonly [
  id: string,
  state: ModuleSnapshot['state'],
  reason: string,
  current: number,
  phases: unknown,
  executions: number,
  errors: number,
];
type PackedRun = readonly [
  state: RunSnapshot['state'],
  mark: RunSnapshot['mark'],
  reason: string,
  paused: boolean,
  openings: number,
  modules: unknown,
  stamp: string,
];

export async function findRun(deps: RedisDeps, runId: string): Promise<RunSnapshot | undefined> {
  for (;;) {
    const place = await findPlace(deps, runId);
    if (place === undefined) return undefined;
    const keys = [...place.modules.values()].flatMap(({ exec, due }) => [exec, ...due]);
    const { code, payload } = await deps.runner.run(runReadScript, [place.run, ...keys], []);
    if (code === ReadCode.UNKNOWN) {
      deps.places.forget(runId);
      return undefined;
    }
    const [state, mark, reason, paused, openings, modules, stamp] = payload as PackedRun;
    if (stamp === place.stamp) {
      const read = readList<PackedModule>(modules).map(readModule);
      return { runId, state, mark, reason, paused, openings, modules: read };
    }
    deps.places.forget(runId);
  }
}

function readModule([moduleId, state, reason, currentPhase, phases, executions, errors]: PackedModule): ModuleSnapshot {
  const read = readList<PackedPhase>(phases).map(([created, done, dead, open, closed]) => {
    return { created, done, dead, open, closed };
  });
  return { moduleId, state, reason, currentPhase, phases: read, executions, errors };
}

export async function findNode(deps: RedisDeps, { runId, id }: NodeRef): Promise<ChainNode | undefined> {
  const place = await findPlace(deps, runId);
  return place === undefined ? undefined : (await readNodes(deps, place, [id]))[0];
}

/** A page that one script reads. */
const PAGE = 500;

export async function listNodes(deps: RedisDeps, filter: NodeFilter): Promise<readonly ChainNode[]> {
  const { runId, state, deathReason, limit } = filter;
  const place = await findPlace(deps, runId);
  if (place === undefined) return [];
  const nodes: ChainNode[] = [];
  let after = filter.after;
  for (;;) {
    const page = Math.min(PAGE, state === undefined && deathReason === undefined ? limit - nodes.length : PAGE);
    const keys = [place.nodes, ...(after === undefined ? [] : [place.node(after)])];
    const { texts } = await deps.runner.run(nodesLookScript, keys, [page]);
    for (const node of await readNodes(deps, place, texts)) {
      if (nodes.length === limit) return nodes;
      if (state !== undefined && node.state !== state) continue;
      if (deathReason === undefined || node.deathReason === deathReason) nodes.push(node);
    }
    if (texts.length < page || nodes.length === limit) return nodes;
    after = texts.at(-1);
  }
}

async function readNodes({ runner }: RedisDeps, place: KnownPlace, ids: readonly string[]): Promise<ChainNode[]> {
  if (ids.length === 0) return [];
  const modules = [...place.modules.values()];
  const keys = [...modules.flatMap(({ due }) => due), ...ids.map((id) => place.node(id))];
  const args = [modules.length, ...modules.map(({ due }) => due.length), ...ids];
  const { texts } = await runner.run(nodeReadScript, keys, args);
  const nodes: ChainNode[] = [];
  for (let at = 0; at < texts.length; at += 3) {
    const packed = JSON.parse(texts[at]!) as PackedNode;
    const { moduleId } = modules[packed[3]]!;
    nodes.push(readNode(packed, texts[at + 1]!, texts[at + 2]!, { runId: place.runId, moduleId }));
  }
  return nodes;
}

export async function listEvents(deps: RedisDeps, { runId, afterSeq, limit }: EventFilter): Promise<TimelineEvent[]> {
  const { timeline } = deps.places.of(runId);
  const range = await deps.runner.ask('LRANGE', (redis) => redis.lrange(timeline, afterSeq, afterSeq + limit - 1));
  return range.map((text, at) => {
    const { id, type, atMs, data } = JSON.parse(text) as Omit<TimelineEvent, 'seq'>;
    return { seq: afterSeq + at + 1, id, type, atMs, data };
  });
}
