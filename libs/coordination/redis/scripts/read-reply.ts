/** Parses the answers of scripts. Lua cannot distinguish an empty list from an empty object: both are `{}`. */

import type { ChainNode, DeathReason, NodeKind, NodeState } from '../../protocol/node.ts';
import type { ReleasedResponse, WakeUp } from '../../protocol/outcome.ts';

/** The run, and its module by the number in an answer. */
export interface Home {
  readonly runId: string;
  readonly moduleId: string;
}

export function readList<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}

/** As `wake-up` in `lua/lib/scope.lua` writes it. */
export type PackedWakeUp = readonly [
  kind: WakeUp['kind'],
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

export function readWakeUp(packed: PackedWakeUp, { runId, moduleId }: Home): WakeUp {
  const [kind, id, phase, stepIdx, prefixRequest, epoch, dispatch, attempts, nodeKind, limitKey, error] = packed;
  const node = { id, runId, moduleId, phase };
  return { kind, node, stepIdx, prefixRequest, epoch, dispatch, attempts, nodeKind, limitKey, error };
}

export function readWakeUps(value: unknown, home: Home): WakeUp[] {
  return readList<PackedWakeUp>(value).map((packed) => readWakeUp(packed, home));
}

/** The phase whose ready nodes the window has room for; −1 when there is none. */
export function readFill(phase: number): { readonly toFill?: number } {
  return phase < 0 ? {} : { toFill: phase };
}

export function readReleased(value: unknown, { runId, moduleId }: Home): ReleasedResponse[] {
  const released = readList<readonly [id: string, phase: number, response: string]>(value);
  return released.map(([id, phase, response]) => ({ node: { id, runId, moduleId, phase }, response }));
}

/** Texts of a node, as `show` in `lua/lib/node.lua` answers them. */
export const NODE_TEXTS = 12;

/** Module, phase, step, epoch, attempts, crashes, dispatches, due time, revision, and 1 for a claim in an early opening. */
type Numbers = readonly [number, number, number, number, number, number, number, number, number, number];

/** The node whose texts begin at `at`. `moduleIdAt` names the module with a number in its run. */
export function readNode(
  texts: readonly string[],
  at: number,
  runId: string,
  moduleIdAt: (module: number) => string,
): ChainNode {
  const [module, phase, stepIdx, ...rest] = JSON.parse(texts[at]!) as Numbers;
  const [epoch, attempts, crashes, dispatches, dueAtMs, revision, early] = rest;
  const counts = { epoch, attempts, crashes, dispatches, dueAtMs, revision, isEarly: early === 1 };
  return {
    id: texts[at + 1]!,
    runId,
    moduleId: moduleIdAt(module),
    phase,
    stepIdx,
    ...counts,
    kind: texts[at + 2] as NodeKind,
    state: texts[at + 3] as NodeState,
    owner: texts[at + 4]!,
    token: texts[at + 5]!,
    committedToken: texts[at + 6]!,
    deathReason: texts[at + 7] as DeathReason | '',
    limitKey: texts[at + 8]!,
    prefixRequest: texts[at + 9]!,
    error: texts[at + 10]!,
    body: texts[at + 11]!,
  };
}
