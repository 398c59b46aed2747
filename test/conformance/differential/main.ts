/**
 * SQLite against a Redis of its own, or against a cluster of three, with as many generated scenarios as wanted. A
 * difference is shrunk and printed, with the seed and the path that replay it.
 */
import { Cluster, Redis } from 'ioredis';
import { runCommand, whole } from '../../bench/options.ts';
import { startRedisCluster } from '../../fixtures/servers/redis-cluster.ts';
import { startRedisServer } from '../../fixtures/servers/redis-server.ts';
import { Tally } from '../coordinator/generated/tally.ts';
import { EXPECTED_CODES, TELLING_SEQUENCES } from './coverage.ts';
import { assertEqualCoordinators } from './property.ts';
import { redisPairs } from './redis-pair.ts';

const USAGE = `usage: node test/conformance/differential/main.ts [--sequences N] [--seed S] [--cluster]
  --sequences N  generated scenarios, default 2000
  --seed S       where generation starts, default 1
  --cluster      three masters instead of one Redis`;

const OPTIONS = {
  sequences: { type: 'string', default: '2000' },
  seed: { type: 'string', default: '1' },
  cluster: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

await runCommand(USAGE, OPTIONS, async (values) => {
  const sequences = whole('sequences', values.sequences);
  const seed = whole('seed', values.seed, 0);
  const server = await start(values.cluster);
  const tally = new Tally();
  const startedAtMs = performance.now();
  try {
    const onFirst = (difference: unknown) => console.error('reducing this difference:', difference);
    await assertEqualCoordinators({ open: await redisPairs(server.redis), sequences, seed, tally, onFirst });
  } finally {
    await server.stop();
  }
  const missing = sequences < TELLING_SEQUENCES ? [] : tally.missing(EXPECTED_CODES);
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  console.log(`${sequences} scenarios from seed ${seed} in ${seconds} s: no difference`);
  if (missing.length > 0) console.error(`never answered: ${missing.join(', ')}`);
  return missing.length === 0;
});

async function start(asCluster: boolean) {
  const server = asCluster ? await startRedisCluster() : await startRedisServer();
  const ports = 'ports' in server ? server.ports : [server.port];
  const addresses = ports.map((port) => ({ host: '127.0.0.1', port }));
  const redis = asCluster ? new Cluster(addresses) : new Redis(addresses[0]!);
  return {
    redis,
    stop: async () => {
      redis.disconnect();
      await server.stop();
    },
  };
}
