/** Services of distributed mode on servers of the benchmark, and the runs that they execute, measured from outside. */
import { join } from 'node:path';
import { IngressDefinition, type Run, RunState } from '../../../libs/contracts/services.ts';
import { freePort } from '../../../libs/local-servers/free-port.ts';
import { createGrpcClient, type GrpcClient } from '../../../libs/transport/grpc/client.ts';
import type { ServiceName } from '../../fixtures/deployment/deployment.ts';
import { type ServiceProcess, startService } from '../../fixtures/deployment/service-process.ts';
import { cpuSecondsOf, peakRssBytesOf } from './processes.ts';
import type { CleanServers, ServersCpu } from './servers.ts';

export interface FleetOptions {
  readonly servers: CleanServers;
  /** Processes in the order of their start; those that ingress calls come before it. */
  readonly services: readonly ServiceName[];
  /** The module's file. */
  readonly module: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Writes a CPU profile of each process there, `<at>-<name>.cpuprofile`. */
  readonly profileTo?: string;
}

export interface Fleet {
  readonly ingress: GrpcClient<typeof IngressDefinition>['calls'];
  readonly services: readonly ServiceProcess[];
  readonly startUpSeconds: number;
  stop(): Promise<void>;
}

/** One run, from its submission to the moment at which it is known to be closed. */
export interface MeasuredRun {
  readonly run: Run;
  readonly seconds: number;
  /** Of the services, all threads. */
  readonly cpuSeconds: number;
  readonly serversCpu: ServersCpu;
  readonly peakRssBytes: number;
}

/** A look costs the ingress and the store about half a millisecond. */
const LOOK_EVERY_MS = 50;
const MAX_MESSAGE_BYTES = 16 * 1_024 * 1_024;

/** Where each service answers is decided before any is started, since ingress is told where the others are. */
export async function startFleet({ servers, services: names, module, env, profileTo }: FleetOptions): Promise<Fleet> {
  const startMs = performance.now();
  const ports = await Promise.all(names.map(() => freePort()));
  const addressOf = (name: ServiceName): string => {
    const port = ports[names.indexOf(name)];
    return port === undefined ? '' : `127.0.0.1:${port}`;
  };
  const shared = {
    CATENA_CACHE_REDIS: servers.redisUrl,
    CATENA_NATS_URL: servers.natsUrl,
    CATENA_STORE_URL: servers.databaseUrl,
    CATENA_MODULES_FILES: module,
    CATENA_HTTP_DENY_PRIVATE_TARGETS: 'false',
    CATENA_GRPC_MODULE_PROCESSOR: addressOf('module-processor'),
    CATENA_GRPC_ERROR_THRESHOLD: addressOf('error-threshold'),
    ...env,
  };
  const services: ServiceProcess[] = [];
  let client: GrpcClient<typeof IngressDefinition> | undefined;
  const stop = async (): Promise<void> => {
    client?.close();
    await Promise.all(services.map((service) => service.stop()));
  };
  try {
    for (const [at, name] of names.entries()) {
      const program = name === 'all' ? 'services/serve.ts' : `services/${name}/main.ts`;
      const profiler = profileTo === undefined ? [] : ['--import', profilerOf(profileFile(profileTo, at, name))];
      services.push(
        await startService({
          name,
          args: [...profiler, program],
          env: { ...shared, CATENA_GRPC_LISTEN: `127.0.0.1:${ports[at]}` },
        }),
      );
    }
    const target = addressOf(names.includes('ingress') ? 'ingress' : 'all');
    client = createGrpcClient(IngressDefinition, { target, deadlineMs: 60_000, maxMessageBytes: MAX_MESSAGE_BYTES });
  } catch (error) {
    await stop();
    throw error;
  }
  return { ingress: client.calls, services, startUpSeconds: (performance.now() - startMs) / 1_000, stop };
}

/** The file of the profile of the process that was started as the nth. */
export function profileFile(folder: string, nth: number, name: string): string {
  return join(folder, `${nth}-${name}.cpuprofile`);
}

function profilerOf(to: string): string {
  const url = new URL('profile-on-signal.ts', import.meta.url);
  url.searchParams.set('to', to);
  return url.href;
}

/** Has a fleet execute a task to its end. Throws when it did not complete with every node done. */
export async function runTask(
  { ingress, services }: Fleet,
  servers: CleanServers,
  moduleId: string,
  input: object,
): Promise<MeasuredRun> {
  const pids = services.map(({ pid }) => pid);
  const cpuBefore = cpuSecondsOf(pids);
  const serversBefore = servers.cpuSeconds();
  const startMs = performance.now();
  const runId = await submitTask(ingress, moduleId, input);
  const run = await untilClosed(ingress, runId);
  const seconds = (performance.now() - startMs) / 1_000;
  const cpuSeconds = cpuSecondsOf(pids) - cpuBefore;
  const after = servers.cpuSeconds();
  const serversCpu: ServersCpu = {
    redis: after.redis - serversBefore.redis,
    nats: after.nats - serversBefore.nats,
    postgres: after.postgres - serversBefore.postgres,
  };
  return { run, seconds, cpuSeconds, serversCpu, peakRssBytes: peakRssBytesOf(pids) };
}

/** Answers the run's id. */
export async function submitTask(ingress: Fleet['ingress'], moduleId: string, input: object): Promise<string> {
  const { run } = await ingress.submitTask({
    modules: [moduleId],
    input: Buffer.from(JSON.stringify(input)),
    account: 'bench',
    platform: 'bench',
  });
  return run!.runId;
}

/** Asks the store alone, so that looking costs the chain nothing. Throws when the run ended otherwise than it should. */
export async function untilClosed(ingress: Fleet['ingress'], runId: string): Promise<Run> {
  for (;;) {
    const { runs } = await ingress.listRuns({ state: RunState.CLOSED, pageSize: 1 });
    const run = runs.find((each) => each.runId === runId);
    if (run === undefined) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      continue;
    }
    if (run.end?.detail === '' && run.end.dead === 0) return run;
    throw new Error(`the run ended otherwise than it should: ${JSON.stringify(run.end)}`);
  }
}

/** The data of every item of a run. */
export async function itemsOf(ingress: Fleet['ingress'], runId: string): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const page of ingress.listItems({ runId })) {
    for (const { data } of page.items) items.push(JSON.parse(Buffer.from(data).toString()));
  }
  return items;
}
