/** A run of many nodes on the Redis coordinator alone: no stages, no bus, no store. */
import { Redis } from 'ioredis';
import type { ChainNode, NodeRef, NodeSeed } from '../../../libs/coordination/protocol/node.ts';
import { defaultPolicy } from '../../../libs/coordination/protocol/policy.ts';
import { openRedisCoordinator, type RedisCoordinator } from '../../../libs/coordination/redis/index.ts';
import { DISTRIBUTED_SHARDS } from '../../../libs/keys/keys.ts';
import { ptmKey } from '../../../libs/keys/ptm-key.ts';

export const RUN_ID = '01920000-0000-7000-8000-000000000001';
export const MODULE_ID = 'shop@1.0.0';
export const LEASE_MS = 600_000;
const STAGE_BATCH = 500;

export interface Coordinated {
  readonly redis: Redis;
  readonly coordinator: RedisCoordinator;
}

/** A client of its own, as a process has one. */
export async function openCoordinated(redisUrl: string): Promise<Coordinated> {
  const redis = new Redis(redisUrl);
  const options = { redis, shards: DISTRIBUTED_SHARDS, policy: defaultPolicy, incarnation: 1 };
  return { redis, coordinator: await openRedisCoordinator(options) };
}

/** A seed as stages make it; its id is as long as all ids. */
export function seedOf(kind: NodeSeed['kind'], branch: string, body: string, prefixRequest = ''): NodeSeed {
  const id = ptmKey({
    ...{ kind, runId: RUN_ID, account: 'bench', platform: 'bench', moduleId: MODULE_ID, stepIdx: 0 },
    ...{ prefixRequest: '', branch },
  });
  return { id, kind, phase: 0, stepIdx: 0, prefixRequest, body };
}

export function refOf({ id }: Pick<NodeSeed, 'id'>): NodeRef {
  return { id, runId: RUN_ID, moduleId: MODULE_ID, phase: 0 };
}

/** Opens the run with one hop, which ends with these children: all are pending then. */
export async function openWith(coordinator: RedisCoordinator, children: readonly NodeSeed[]): Promise<void> {
  const root = seedOf('hop', 'root', '{"state":{}}');
  const phases = [{ join: { kind: 'settle' } as const }];
  await coordinator.runOpen({ runId: RUN_ID, modules: [{ moduleId: MODULE_ID, phases, first: [root] }] });
  const { token } = await claimed(coordinator, root, 'root');
  const held = { node: refOf(root), token };
  for (let from = 0; from < children.length; from += STAGE_BATCH) {
    await coordinator.stageChildren({ ...held, children: children.slice(from, from + STAGE_BATCH) });
  }
  await coordinator.commitSuccess({ ...held, children: [], staged: children.length, wakeUps: 0 });
  for (;;) {
    const { code, more } = await coordinator.childrenPump({ node: refOf(root), wakeUps: 0 });
    if (code !== 0) throw new Error(`the children could not be moved: ${code}`);
    if (!more) return;
  }
}

/** The node, claimed; throws when it was not to be had. */
export async function claimed(
  coordinator: RedisCoordinator,
  seed: Pick<NodeSeed, 'id'>,
  owner: string,
): Promise<ChainNode> {
  const command = {
    node: refOf(seed),
    epoch: 0,
    owner,
    stage: 'module-processor',
    leaseMs: LEASE_MS,
    alone: false,
  } as const;
  const { code, node } = await coordinator.claim(command);
  if (node === undefined) throw new Error(`the claim of ${seed.id} was answered ${code}`);
  return node;
}

/** Does so much work, always with so many pieces under way; answers the seconds that it took. */
export async function inLanes(
  count: number,
  lanes: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  return (performance.now() - startMs) / 1_000;
}
