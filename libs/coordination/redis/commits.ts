/** Bindings: commit an execution and create its children. */

import { chainKeys } from '../../keys/keys.ts';
import { assertChildren, assertCreated, assertLeased, assertNotBefore } from '../protocol/assertions.ts';
import type { Held } from '../protocol/claims.ts';
import {
  CommitCode,
  type CommitCommand,
  type CommitOutcome,
  MAX_CHILDREN,
  NOTHING_PUMPED,
  PumpCode,
  type PumpCommand,
  type PumpOutcome,
  refusedCommit,
  StageCode,
  type Usage,
} from '../protocol/commits.ts';
import type { NodeSeed } from '../protocol/node.ts';
import type { CodeOf } from '../protocol/outcome.ts';
import { type RedisDeps, runEnding, runPlanned, seedArgs } from './scripts/call.ts';
import { readFill, readList, readNode, readReleased, readWakeUps } from './scripts/read-reply.ts';
import { bind, LOOK, SCOPE_ARGS, SCOPE_KEYS, type Script } from './scripts/script.ts';

/** Codes of a pump script: OTHER_BATCH when another pump moved the batch after the look. */
const PumpScriptCode = { ...PumpCode, OTHER_BATCH: 2 } as const;

const stageScript = bind(
  'commits/children_stage.lua',
  ['StageCode', StageCode],
  ['run', 'exec', 'node', 'staged'],
  ['layout', 'phase', 'token', 'child*'],
);
const commitScript = bind(
  'commits/ptm_commit_success.lua',
  ['CommitCode', CommitCode],
  [...SCOPE_KEYS, 'node', 'staged', 'child*'],
  [...SCOPE_ARGS, 'id', 'token', 'wake_ups', 'staged', 'owner', 'lease_ms', 'child_token', 'usage', 'child*'],
);
const childrenPumpScript = bind(
  'commits/children_pump.lua',
  ['PumpScriptCode', PumpScriptCode],
  [...SCOPE_KEYS, 'node', 'staged', 'child*', 'other*'],
  [...SCOPE_ARGS, 'id', 'token', 'wake_ups', 'head', 'children'],
);
const childrenLookScript = bind('commits/children_look.lua', LOOK, ['node', 'staged*'], ['limit']);

export const COMMIT_SCRIPTS: readonly Script[] = [stageScript, commitScript, childrenPumpScript, childrenLookScript];

export async function stageChildren(
  deps: RedisDeps,
  { node, token, children }: Held & { readonly children: readonly NodeSeed[] },
): Promise<CodeOf<typeof StageCode>> {
  const reply = await runPlanned(deps, stageScript, node.runId, (runKeys) => {
    const module = runKeys.modules.get(node.moduleId);
    if (module === undefined) return undefined;
    assertChildren(children, node.phase, module.due.length);
    return {
      keys: [runKeys.run, module.exec, runKeys.node(node.id), chainKeys.staged(runKeys.shard, node.id, token)],
      args: [runKeys.stamp, node.phase, token, ...children.flatMap(seedArgs)],
    };
  });
  return (reply?.code ?? StageCode.FENCING_REJECT) as CodeOf<typeof StageCode>;
}

/** The texts that follow belong to the handed-over child. */
type CommitPayload = readonly [
  ...[state: string, created: number, lost: number, wakeUps: unknown, released: unknown, fill: number],
  ...[leftOut: number],
];

export async function commitSuccess(deps: RedisDeps, command: CommitCommand): Promise<CommitOutcome> {
  const { node, token, children, staged, wakeUps, handOver, usage } = command;
  const claim = handOver === undefined ? ['', 0, ''] : [handOver.owner, handOver.leaseMs, deps.nextToken()];
  const reply = await runEnding(deps, commitScript, node, (runKeys, module) => {
    assertChildren(children, node.phase, module.due.length);
    const keys = [runKeys.node(node.id), chainKeys.staged(runKeys.shard, node.id, token)];
    for (const child of children) keys.push(runKeys.node(child.id));
    return { keys, args: [node.id, token, wakeUps, staged, ...claim, usageArg(usage), ...children.flatMap(seedArgs)] };
  });
  if (reply?.payload === undefined) {
    const code = (reply?.code ?? CommitCode.FENCING_REJECT) as CodeOf<typeof CommitCode>;
    return refusedCommit(code);
  }
  const [state, created = 0, gateLost = 0, packed, released, fill = -1, leftOut = 0] = reply.payload as CommitPayload;
  const code = reply.code as CodeOf<typeof CommitCode>;
  if (code === CommitCode.COMMIT_OK) assertCreated(node, children.length, created, gateLost + leftOut);
  const woken = readWakeUps(packed, node);
  assertNotBefore(node, woken);
  const next = reply.texts.length === 0 ? undefined : readNode(reply.texts, 0, node.runId, () => node.moduleId);
  if (next !== undefined) assertLeased(next, { ...node, id: children[0]!.id }, handOver!.owner);
  return {
    code,
    wakeUps: woken,
    ...(next === undefined ? {} : { next }),
    released: readReleased(released, node),
    created,
    gateLost,
    leftOut,
    // Stored already, whatever the cap is.
    items: code === CommitCode.COMMIT_OK ? (usage?.items ?? 0) : 0,
    releasing: state === 'releasing',
    ...readFill(fill),
  };
}

/** As `ptm_commit_success.lua` reads it. */
function usageArg({ items, bytes, tooDeep }: Usage = { items: 0, bytes: 0, tooDeep: 0 }): string {
  return `${items},${bytes},${tooDeep}`;
}

type Batch = readonly [token: string, stagers: unknown, head: number, ids: unknown];

type PumpPayload = readonly [
  ...[more: boolean, created: number, lost: number, wakeUps: unknown, released: unknown, fill: number],
  ...[leftOut: number],
];

/** Reads which children are next, then moves them; repeats when another pump was faster. */
export async function childrenPump(deps: RedisDeps, { node, wakeUps }: PumpCommand): Promise<PumpOutcome> {
  const runKeys = deps.keys.of(node.runId);
  const nodeKey = runKeys.node(node.id);
  const staged = (token: string) => chainKeys.staged(runKeys.shard, node.id, token);
  const look = async (keys: readonly string[]) =>
    (await deps.runner.run(childrenLookScript, keys, [MAX_CHILDREN])).payload as Batch;
  for (;;) {
    const [token, stagers] = await look([nodeKey]);
    if (token === '') return NOTHING_PUMPED;
    const [, , head, list] = await look([nodeKey, staged(token)]);
    const ids = readList<string>(list);
    const others = readList<string>(stagers).filter((other) => other !== token);
    const reply = await runEnding(deps, childrenPumpScript, node, () => ({
      keys: [nodeKey, staged(token), ...ids.map((id) => runKeys.node(id)), ...others.map(staged)],
      args: [node.id, token, wakeUps, head, ids.length],
    }));
    if (reply?.code === PumpScriptCode.OTHER_BATCH) continue;
    if (reply === undefined || reply.code !== PumpScriptCode.MOVED) return NOTHING_PUMPED;
    const [more, created, gateLost, packed, released, fill, leftOut] = reply.payload as PumpPayload;
    assertCreated(node, ids.length, created, gateLost + leftOut);
    const woken = readWakeUps(packed, node);
    assertNotBefore(node, woken);
    return {
      code: PumpCode.MOVED,
      wakeUps: woken,
      released: readReleased(released, node),
      created,
      gateLost,
      leftOut,
      more,
      ...readFill(fill),
    };
  }
}
