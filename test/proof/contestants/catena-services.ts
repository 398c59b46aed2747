/** Catena on five services, one process each, with Redis, NATS and PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises';
import { RunState } from '../../../libs/contracts/services.ts';
import { type Servers, type ServiceName, startDeployment } from '../../fixtures/deployment/deployment.ts';
import type { Contestant, ProofScene, ServerName } from '../contestant.ts';
import type { ProofItem } from '../site.ts';
import { catenaVersion, MODULE } from './catena.ts';

const POLL_MS = 100;

export const catenaServices: Contestant = {
  name: 'Catena on services',
  version: catenaVersion,
  servers: ['redis', 'nats', 'postgres'],
  notes: ['One process of each service; a kill takes one of the five. Several of each would go on meanwhile.'],
  begin,
};

async function begin({ url, appendfsync, random }: ProofScene) {
  const deployment = await startDeployment({
    modules: [MODULE],
    redisArgs: ['--appendfsync', appendfsync],
    env: {
      CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
      CATENA_LIMITS_CONCURRENCY_PER_HOST: '16',
      CATENA_DOWNLOAD_CONCURRENCY: '16',
    },
  });
  const { ingress, servers } = deployment;
  const running = [...deployment.services];
  const input = Buffer.from(JSON.stringify({ base: url }));
  const { run } = await ingress.submitTask({ modules: ['proof@1.0.0'], account: 'acme', platform: 'web', input });
  const { runId } = run!;
  const over = new AbortController();
  return {
    ended: untilClosed(async () => (await ingress.getRun({ runId })).run?.state, over.signal),
    kill: async () => {
      const at = Math.floor(random() * running.length);
      const killed = running[at]!;
      killed.signal('SIGKILL');
      await killed.stop();
      running[at] = await deployment.start(killed.name as ServiceName, killed.port);
    },
    fail: (server: ServerName) => fail(servers, server),
    items: async () => {
      const items: ProofItem[] = [];
      for await (const page of ingress.listItems({ runId })) {
        for (const { data } of page.items) items.push(JSON.parse(Buffer.from(data).toString()) as ProofItem);
      }
      return items;
    },
    stop: async () => {
      over.abort();
      await deployment.stop();
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

async function fail({ redis, nats, postgres }: Servers, server: ServerName): Promise<void> {
  if (server === 'redis') await redis.restart('SIGKILL');
  else if (server === 'nats') await nats.restart({ keepData: false });
  else {
    await postgres.halt('SIGQUIT');
    await postgres.start();
  }
}
