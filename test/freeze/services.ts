/** Services as processes of their own, with two parsers, over Redis, NATS and PostgreSQL. */
import { HealthDefinition, ServingStatus } from '../../libs/contracts/rpc.ts';
import { IngressDefinition, RunState } from '../../libs/contracts/services.ts';
import { freePort } from '../../libs/local-servers/free-port.ts';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import { createGrpcClient } from '../../libs/transport/grpc/client.ts';
import { FIVE_SERVICES, type ServiceName, startServers } from '../fixtures/deployment/deployment.ts';
import { startService } from '../fixtures/deployment/service-process.ts';
import { KeptUp } from './kept-up.ts';
import type { Asked } from './probe.ts';
import {
  FREEZE_MODULES,
  LOAD_TIMEOUT_MS,
  LOOPS_ON_LOAD,
  leftIn,
  loadErrorOf,
  settingsOf,
  type Target,
  type TargetOptions,
} from './target.ts';

const DEADLINE_MS = 10_000;

export async function serveServices(options: TargetOptions): Promise<Target> {
  const names: readonly ServiceName[] = [...FIVE_SERVICES, 'parser'];
  const ends: (() => Promise<unknown> | unknown)[] = [];
  const processes: KeptUp[] = [];
  let ended: Promise<void> | undefined;
  const end = () => (ended ??= Promise.all(processes.map((each) => each.stop())).then(() => undefined));
  let stopped: Promise<void> | undefined;
  const stop = () =>
    (stopped ??= (async () => {
      await end();
      for (const each of ends.reverse()) await each();
    })());
  try {
    const servers = await startServers();
    ends.push(() => servers.stop());
    const ports = await Promise.all(names.map(() => freePort()));
    const addressOf = (name: ServiceName) => `127.0.0.1:${ports[names.indexOf(name)]}`;
    const env = {
      ...settingsOf(options),
      CATENA_CACHE_REDIS: servers.redis.url,
      CATENA_NATS_URL: servers.nats.url,
      CATENA_STORE_URL: servers.databaseUrl,
      CATENA_GRPC_MODULE_PROCESSOR: addressOf('module-processor'),
      CATENA_GRPC_ERROR_THRESHOLD: addressOf('error-threshold'),
      CATENA_LOG_LEVEL: 'info',
    };
    for (const [at, name] of names.entries()) {
      const own = { CATENA_GRPC_LISTEN: `127.0.0.1:${ports[at]}`, CATENA_MODULES_FILES: FREEZE_MODULES.join(',') };
      processes.push(await KeptUp.start({ name, args: [`services/${name}/main.ts`], env: { ...env, ...own } }));
    }
    const client = { deadlineMs: DEADLINE_MS, maxMessageBytes: 16 * 1_024 * 1_024 };
    const ingress = createGrpcClient(IngressDefinition, { target: addressOf('ingress'), ...client });
    const healths = ports.map((port) => createGrpcClient(HealthDefinition, { target: `127.0.0.1:${port}`, ...client }));
    ends.push(() => [ingress, ...healths].forEach((each) => void each.close()));
    const isClosed = async (runId: string) => (await ingress.calls.getRun({ runId })).run?.state === RunState.CLOSED;
    return {
      name: 'services, two parsers',
      processes,
      submit: async (module, input) => {
        const task = { modules: [module], input: Buffer.from(JSON.stringify(input)), account: 'a', platform: 'p' };
        return (await ingress.calls.submitTask(task)).run!.runId;
      },
      isClosed,
      asked: (runId) => [
        ...healths.map(
          ({ calls }, at): Asked => ({
            ...{ what: 'health', of: `${names[at]}, gRPC` },
            ask: async () => {
              const { status } = await calls.check({ service: '' });
              if (status !== ServingStatus.SERVING) throw new Error(`${names[at]} answers ${status}`);
            },
          }),
        ),
        ...processes.map(
          (each): Asked => ({
            ...{ what: 'health', of: `${each.name}, HTTP` },
            ask: async () => {
              const { status } = await fetch(`${each.metricsUrl}/livez`);
              if (status !== 200) throw new Error(`${each.name} answers ${status}`);
            },
          }),
        ),
        { what: 'status', of: 'ingress', ask: async () => void (await isClosed(runId)) },
      ],
      startWithLoop: () =>
        loadErrorOf(() =>
          startService({
            name: 'a third parser',
            args: ['services/parser/main.ts'],
            env: {
              ...env,
              CATENA_GRPC_LISTEN: '127.0.0.1:0',
              CATENA_MODULES_FILES: [...FREEZE_MODULES, LOOPS_ON_LOAD].join(','),
              CATENA_EXECUTION_LOAD_TIMEOUT_MS: String(LOAD_TIMEOUT_MS),
            },
          }),
        ),
      end,
      left: async (runId) => {
        const store = await openPostgresStore({ url: servers.databaseUrl, connections: 1, timeoutMs: DEADLINE_MS });
        try {
          return await leftIn(store, runId);
        } finally {
          await store.close();
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
