/** Catena on five services, one process each, with Redis, NATS and PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises';
import { IngressDefinition, RunState } from '../../../libs/contracts/services.ts';
import { createGrpcClient } from '../../../libs/transport/grpc/client.ts';
import { FIVE_SERVICES, type ServiceName } from '../../fixtures/deployment/deployment.ts';
import { type ServiceProcess, startService } from '../../fixtures/deployment/service-process.ts';
import { startNatsServer } from '../../fixtures/servers/nats-server.ts';
import { startPostgres } from '../../fixtures/servers/postgres-server.ts';
import { startRedisServer } from '../../fixtures/servers/redis-server.ts';
import { freePort } from '../../fixtures/servers/server-process.ts';
import type { Contestant, ProofScene, ServerName } from '../contestant.ts';
import type { ProofItem } from '../site.ts';
import { catenaVersion, MODULE } from './catena.ts';

interface Member {
  readonly name: ServiceName;
  readonly port: number;
  process: ServiceProcess | undefined;
}

const POLL_MS = 100;

export const catenaServices: Contestant = {
  name: 'Catena on services',
  version: catenaVersion,
  servers: ['redis', 'nats', 'postgres'],
  notes: ['One process of each service; a kill takes one of the five. Several of each would go on meanwhile.'],
  begin,
};

async function begin({ url, appendfsync, random }: ProofScene) {
  const servers = await startProofServers(appendfsync);
  const members: Member[] = [];
  for (const name of FIVE_SERVICES) members.push({ name, port: await freePort(), process: undefined });
  const addressOf = (name: ServiceName) => `127.0.0.1:${members.find((each) => each.name === name)!.port}`;
  const env = {
    ...servers.settings,
    CATENA_MODULES_FILES: MODULE,
    CATENA_METRICS_LISTEN: 'http://127.0.0.1:0',
    CATENA_HTTP_DENY_PRIVATE_TARGETS: 'false',
    CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
    CATENA_LIMITS_CONCURRENCY_PER_HOST: '16',
    CATENA_DOWNLOAD_CONCURRENCY: '16',
    CATENA_GRPC_MODULE_PROCESSOR: addressOf('module-processor'),
    CATENA_GRPC_ERROR_THRESHOLD: addressOf('error-threshold'),
  };
  const launch = async (member: Member): Promise<void> => {
    const { name, port } = member;
    const own = { ...env, CATENA_GRPC_LISTEN: `127.0.0.1:${port}` };
    member.process = await startService({ name, args: [`services/${name}/main.ts`], env: own });
  };
  await Promise.all(members.map(launch));
  const client = createGrpcClient(IngressDefinition, {
    ...{ target: addressOf('ingress'), deadlineMs: 20_000, maxMessageBytes: 16 * 1_024 * 1_024 },
  });
  const input = Buffer.from(JSON.stringify({ base: url }));
  const { run } = await client.calls.submitTask({ modules: ['proof@1.0.0'], account: 'acme', platform: 'web', input });
  const { runId } = run!;
  const over = new AbortController();
  return {
    ended: untilClosed(async () => (await client.calls.getRun({ runId })).run?.state, over.signal),
    kill: async () => {
      const member = members[Math.floor(random() * members.length)]!;
      member.process!.signal('SIGKILL');
      await member.process!.stop();
      await launch(member);
    },
    fail: (server: ServerName) => servers.fail(server),
    items: async () => {
      const items: ProofItem[] = [];
      for await (const page of client.calls.listItems({ runId })) {
        for (const { data } of page.items) items.push(JSON.parse(Buffer.from(data).toString()) as ProofItem);
      }
      return items;
    },
    stop: async () => {
      over.abort();
      client.close();
      await Promise.all(members.map(({ process }) => process?.stop()));
      await servers.stop();
    },
  };
}

/** Resolves when the run is closed; ingress may be away for a while. */
async function untilClosed(look: () => Promise<RunState | undefined>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if ((await look().catch(() => undefined)) === RunState.CLOSED) return;
    await delay(POLL_MS);
  }
  throw new Error('stopped');
}

async function startProofServers(appendfsync: 'always' | 'everysec') {
  const redis = await startRedisServer({ appendonly: true, args: ['--appendfsync', appendfsync] });
  const nats = await startNatsServer();
  const postgres = await startPostgres();
  return {
    settings: {
      CATENA_CACHE_REDIS: redis.url,
      CATENA_NATS_URL: nats.url,
      CATENA_STORE_URL: await postgres.newDatabase(),
    },
    fail: async (server: ServerName) => {
      if (server === 'redis') await redis.restart('SIGKILL');
      else if (server === 'nats') await nats.restart({ keepData: false });
      else {
        await postgres.halt('SIGQUIT');
        await postgres.start();
      }
    },
    stop: async () => void (await Promise.all([redis.stop(), nats.stop(), postgres.stop()])),
  };
}
