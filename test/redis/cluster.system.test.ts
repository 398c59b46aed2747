/** The coordinator on a real cluster: a run of each shard, on whichever master holds its slot. */
import type { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DISTRIBUTED_SHARDS, shardOf } from '../../libs/keys/keys.ts';
import { openScene } from '../conformance/coordinator/scene/scene.ts';
import { assertEqualCoordinators, type OpenPair } from '../conformance/differential/property.ts';
import { redisPairs } from '../conformance/differential/redis-pair.ts';
import { type RedisCluster, startRedisCluster } from '../fixtures/servers/redis-cluster.ts';
import { connectToCluster, openRedisHarness } from './harness.ts';
import { TOUR } from './tour.ts';

const SEQUENCES = 40;

let cluster: RedisCluster;
let redis: Cluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
  redis = connectToCluster(cluster.ports);
});
afterAll(async () => {
  redis?.disconnect();
  await cluster?.stop();
});

const open = () => openRedisHarness(() => connectToCluster(cluster.ports));

describe('a cluster of three masters', () => {
  it.each(Object.entries(TOUR))('keeps each transition in one slot: %s', async (_, play) => {
    await play(open);
  });

  it('gives the same answers as SQLite, in runs of all shards', async () => {
    const shards = new Set<number>();
    const pairs = await redisPairs(redis);
    const openPair: OpenPair = (runId, windows) => {
      shards.add(shardOf(runId, DISTRIBUTED_SHARDS));
      return pairs(runId, windows);
    };
    await assertEqualCoordinators({ open: openPair, sequences: SEQUENCES, seed: 11 });
    expect(shards.size).toBe(DISTRIBUTED_SHARDS);
  });

  it('goes on when a master was killed and came back without its scripts', async () => {
    const scenes = await Promise.all(
      Array.from({ length: 8 }, () => openScene(open, { phases: [{}, { opener: 'join' }] })),
    );
    const holders = await Promise.all(scenes.map((scene) => scene.take('a')));
    for (const node of cluster.nodes) {
      await node.restart('SIGKILL');
      await cluster.whole();
    }
    for (const [index, scene] of scenes.entries()) {
      await scene.commit(holders[index]!, [scene.cast.hop('b')]);
      await scene.finish('b');
      await scene.finish('join');
      await scene.sweep();
      expect((await scene.run()).state).toBe('closed');
    }
  });
});
