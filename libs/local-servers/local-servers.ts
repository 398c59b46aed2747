/**
 * Redis, NATS and PostgreSQL on this machine for development: on free loopback ports, with their data in one folder. Passwords are in
 * files of that folder and never in arguments, which every user of the machine can read.
 */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FindOptions, findPostgres, findProgram } from './binaries.ts';
import { freePort } from './free-port.ts';
import { postgresUser, preparePostgresFolder } from './postgres-folder.ts';
import { natsAnswers, postgresAnswers, redisAnswers } from './probe.ts';
import type { ProcessLedger } from './process-ledger.ts';
import { PRIVATE_FILE, PRIVATE_FOLDER, SERVER_USER, serverSecrets } from './secrets.ts';
import { type LocalServer, type ServerProgram, startServer } from './server-process.ts';

export interface LocalServersOptions {
  /** Absolute; data of an earlier start is used again. */
  readonly folder: string;
  readonly ledger: ProcessLedger;
  readonly find: FindOptions;
}

/** The URLs contain passwords. */
export interface LocalServers {
  readonly redisUrl: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly servers: readonly LocalServer[];
  /** Ends them, each by its own process id; their data stays. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Resolves when all three answer. They store data durably, as in a deployment, only this machine can reach them, and only the user of
 * the folder can log in. Throws `servers.not_installed`, `servers.failed`, `servers.unreachable_folder`, `servers.old_folder`; then no
 * server is left running.
 */
export async function startLocalServers({ folder, ledger, find }: LocalServersOptions): Promise<LocalServers> {
  const redis = await findProgram('redis-server', 'redis-server', find);
  const nats = await findProgram('nats-server', 'nats-server', find);
  const postgres = await findPostgres(find);
  const secrets = await serverSecrets(folder);
  const programs = [
    await redisProgram(redis, join(folder, 'redis'), secrets.redis),
    await natsProgram(nats, join(folder, 'nats'), secrets.nats),
    await postgresProgram(postgres, join(folder, 'postgres'), secrets.postgres),
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
    redisUrl: `redis://${SERVER_USER}:${secrets.redis}@127.0.0.1:${redisPort}`,
    natsUrl: `nats://${SERVER_USER}:${secrets.nats}@127.0.0.1:${natsPort}`,
    databaseUrl: `postgres://${SERVER_USER}:${secrets.postgres}@127.0.0.1:${postgresPort}/${SERVER_USER}`,
    servers,
    stop,
  };
}

/**
 * The user may change data, and nothing of the server: with CONFIG SET or MODULE a Redis writes files and runs programs. It reads two
 * settings, because a service checks whether the data is durable.
 */
const REDIS_RIGHTS = '~* &* +@all -@admin -@dangerous +info +config|get';

async function redisProgram(command: string, folder: string, password: string): Promise<ServerProgram> {
  await makePrivate(folder);
  const port = await freePort();
  const config = await writePrivate(join(folder, 'config'), [
    ...['bind 127.0.0.1', `port ${port}`, `dir ${JSON.stringify(folder)}`, 'daemonize no'],
    ...['save ""', 'appendonly yes', 'appendfsync always', 'maxmemory-policy noeviction'],
    ...['user default off', `user ${SERVER_USER} on >${password} ${REDIS_RIGHTS}`],
  ]);
  const answers = redisAnswers({ user: SERVER_USER, password });
  const isReady = /Ready to accept connections/;
  return { name: 'redis', command, args: [config], port, isReady, answers, stopSignal: 'SIGTERM' };
}

async function natsProgram(command: string, folder: string, password: string): Promise<ServerProgram> {
  await makePrivate(folder);
  const port = await freePort();
  const config = await writePrivate(join(folder, 'config'), [
    ...['host: "127.0.0.1"', `port: ${port}`, `jetstream { store_dir: ${JSON.stringify(folder)} }`],
    `authorization { user: "${SERVER_USER}", password: "${password}" }`,
  ]);
  const isReady = /Server is ready/;
  return { name: 'nats', command, args: ['-c', config], port, isReady, answers: natsAnswers, stopSignal: 'SIGTERM' };
}

async function postgresProgram(binaries: string, folder: string, password: string): Promise<ServerProgram> {
  const user = await postgresUser();
  const data = await preparePostgresFolder(folder, { binaries, user, password });
  const port = await freePort();
  const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', ''];
  const command = join(binaries, 'postgres');
  const isReady = /ready to accept connections/;
  // PostgreSQL's "fast" shutdown: connections are closed, transactions rolled back.
  return { name: 'postgres', command, args, port, isReady, answers: postgresAnswers, stopSignal: 'SIGINT', user };
}

/** Also a folder of an earlier start, which may have been readable. */
async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  await chmod(folder, PRIVATE_FOLDER);
}

async function writePrivate(path: string, lines: readonly string[]): Promise<string> {
  await rm(path, { force: true });
  await writeFile(path, `${lines.join('\n')}\n`, { mode: PRIVATE_FILE, flag: 'wx' });
  return path;
}
