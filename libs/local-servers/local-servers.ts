/** Redis, NATS and PostgreSQL on this machine for development: on free loopback ports, with their data in one folder. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FindOptions, findPostgres, findProgram } from './binaries.ts';
import { postgresUser, preparePostgresFolder } from './postgres-folder.ts';
import { natsAnswers, postgresAnswers, redisAnswers } from './probe.ts';
import type { ProcessLedger } from './process-ledger.ts';
import { freePort, type LocalServer, type ServerProgram, startServer } from './server-process.ts';

export interface LocalServersOptions {
  /** Absolute; data of an earlier start is used again. */
  readonly folder: string;
  readonly ledger: ProcessLedger;
  readonly find: FindOptions;
}

export interface LocalServers {
  readonly redisUrl: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly servers: readonly LocalServer[];
  /** Ends them, each by its own process id; their data stays. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Resolves when all three answer. They store data durably, as in a deployment, and only this machine can reach them. Throws `servers.not_installed`, `servers.failed`, `servers.unreachable_folder`; then no server is left running.
 */
export async function startLocalServers({ folder, ledger, find }: LocalServersOptions): Promise<LocalServers> {
  const redis = await findProgram('redis-server', 'redis-server', find);
  const nats = await findProgram('nats-server', 'nats-server', find);
  const postgres = await findPostgres(find);
  const programs = [
    await redisProgram(redis, join(folder, 'redis')),
    await natsProgram(nats, join(folder, 'nats')),
    await postgresProgram(postgres, join(folder, 'postgres')),
  ] as const;
  const started = await Promise.allSettled(programs.map((program) => startServer(program, ledger)));
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.stop())));
  const refused = started.find((each) => each.status === 'rejected');
  if (refused !== undefined) {
    await stop();
    throw refused.reason;
  }
  const [redisPort, natsPort, postgresPort] = programs.map(({ port }) => port);
  return {
    redisUrl: `redis://127.0.0.1:${redisPort}`,
    natsUrl: `nats://127.0.0.1:${natsPort}`,
    databaseUrl: `postgres://catena@127.0.0.1:${postgresPort}/postgres`,
    servers,
    stop,
  };
}

async function redisProgram(command: string, folder: string): Promise<ServerProgram> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const settings = {
    ...{ port: String(port), bind: '127.0.0.1', dir: folder, daemonize: 'no', save: '' },
    ...{ appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' },
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return { name: 'redis', command, args, port, answers: redisAnswers, stopSignal: 'SIGTERM' };
}

async function natsProgram(command: string, folder: string): Promise<ServerProgram> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder];
  return { name: 'nats', command, args, port, answers: natsAnswers, stopSignal: 'SIGTERM' };
}

async function postgresProgram(binaries: string, folder: string): Promise<ServerProgram> {
  const user = await postgresUser();
  const data = await preparePostgresFolder(folder, binaries, user);
  const port = await freePort();
  const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', ''];
  const command = join(binaries, 'postgres');
  // PostgreSQL's "fast" shutdown: connections are closed, transactions rolled back.
  return { name: 'postgres', command, args, port, answers: postgresAnswers, stopSignal: 'SIGINT', user };
}
