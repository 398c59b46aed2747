/** Reads what scripts answer. Lua cannot tell an empty list from an empty object: both come as `{}`. */
import type { Bell, ReleasedResponse } from '../commands.ts';
import type { ChainNode, DeathReason, NodeKind, NodeRef, NodeState } from '../node.ts';

/** Where the nodes of an answer stand. */
export interface Home {
  readonly runId: string;
  readonly moduleId: string;
}

export function readList<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}

/** As `bell` in `lua/lib/scope.lua` writes it. */
export type PackedBell = readonly [
  kind: Bell['kind'],
  id: string,
  phase: number,
  step: number,
  prefix: string,
  epoch: number,
  dispatch: number,
  attempts: number,
  nodeKind: NodeKind,
  limitKey: string,
  error: string,
];

export function readBell(packed: PackedBell, { runId, moduleId }: Home): Bell {
  const [kind, id, phase, stepIdx, prefixRequest, epoch, dispatch, attempts, nodeKind, limitKey, error] = packed;
  const node = { id, runId, moduleId, phase };
  return { kind, node, stepIdx, prefixRequest, epoch, dispatch, attempts, nodeKind, limitKey, error };
}

export function readBells(value: unknown, home: Home): Bell[] {
  return readList<PackedBell>(value).map((packed) => readBell(packed, home));
}

export function readReleased(value: unknown, { runId, moduleId }: Home): ReleasedResponse[] {
  const released = readList<readonly [id: string, phase: number, response: string]>(value);
  return released.map(([id, phase, response]) => ({ node: { id, runId, moduleId, phase }, response }));
}

/** As `show` in `lua/lib/node.lua` writes it. */
export type PackedNode = readonly [
  id: string,
  kind: NodeKind,
  state: NodeState,
  module: number,
  phase: number,
  step: number,
  epoch: number,
  attempts: number,
  crashes: number,
  dispatches: number,
  due: number,
  owner: string,
  token: string,
  committed: string,
  reason: DeathReason | '',
  limitKey: string,
  prefix: string,
];

export function readNode(packed: PackedNode, body: string, error: string, home: Home): ChainNode {
  const [id, kind, state, , phase, stepIdx, epoch, attempts, crashes, dispatches, dueAtMs, owner, token] = packed;
  const [committedToken, deathReason, limitKey, prefixRequest] = packed.slice(13) as [string, DeathReason | '', string, string];
  const where: NodeRef = { id, runId: home.runId, moduleId: home.moduleId, phase };
  const what = { kind, phase, stepIdx, prefixRequest, body, limitKey };
  const counts = { epoch, attempts, crashes, dispatches, dueAtMs };
  return { ...where, ...what, ...counts, state, owner, token, error, deathReason, committedToken };
}
