/** `catena dev`: runs the servers and services of a whole deployment on this machine, in one terminal. */
import { CatenaError } from '../../errors/catena-error.ts';
import { commandText } from '../../errors/command-text.ts';
import { freePort } from '../../local-servers/free-port.ts';
import { type LocalServers, startLocalServers } from '../../local-servers/local-servers.ts';
import type { CliContext } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { countOf } from '../terminal/format.ts';
import { paintFor } from '../terminal/io.ts';
import { openDataFolder } from './data-folder.ts';
import { linePrefix } from './log-lines.ts';
import { type DevOptions, type PreparedDev, prepareDev } from './options.ts';
import { planProcesses, portsNeeded } from './plan.ts';
import { ServiceProcess } from './service-process.ts';

const OWN_NAME = 'dev';
const DATA_FOLDER = '.catena/dev';

export async function runDev(
  context: CliContext,
  files: readonly string[],
  options: DevOptions,
): Promise<ExitCodeValue> {
  const { io, env } = context;
  const prepared = await prepareDev(context, files, options);
  const folder = await openDataFolder(DATA_FOLDER, options.fresh === true);
  const isColoured = paintFor(io.stderr, env)('dim', '') !== '';
  const prefix = linePrefix(isColoured);
  const scene: DevScene = {
    context,
    prepared,
    folder,
    isColoured,
    print: (name, text) => void io.stderr.write(prefix(name, text)),
    services: [],
    failure: Promise.withResolvers<never>(),
  };
  scene.failure.promise.catch(() => {});
  // A closed terminal must not prevent the end of the processes that were started.
  io.stderr.on('error', () => {});
  const stop = stopSignals(context, scene);
  let servers: LocalServers | undefined;
  try {
    if (folder.leftovers.length > 0) {
      scene.print(OWN_NAME, `ended processes of an earlier start: ${folder.leftovers.join(', ')}`);
    }
    scene.print(OWN_NAME, `starting redis, nats and postgres in ${folder.path}`);
    servers = await startLocalServers({ folder: folder.path, ledger: folder.ledger, find: { path: env.PATH ?? '' } });
    for (const server of servers.servers) {
      void server.ended.then((how) => scene.failure.reject(serverDied(server.name, how)));
    }
    await Promise.race([startServices(scene, servers), stop.asked, scene.failure.promise]);
    await Promise.race([stop.asked, scene.failure.promise]);
    scene.print(OWN_NAME, 'stopping: services first, then servers; press Ctrl-C again to end at once');
    return ExitCode.DONE;
  } finally {
    scene.isStopping = true;
    await Promise.all(scene.services.map((service) => service.stop()));
    await servers?.stop();
    stop.dispose();
    folder.release();
    scene.print(OWN_NAME, 'stopped; the data stays for the next start');
  }
}

interface DevScene {
  readonly context: CliContext;
  readonly prepared: PreparedDev;
  readonly folder: Awaited<ReturnType<typeof openDataFolder>>;
  readonly isColoured: boolean;
  readonly print: (name: string, text: string) => void;
  readonly services: ServiceProcess[];
  readonly failure: PromiseWithResolvers<never>;
  isStopping?: boolean;
}

async function startServices(scene: DevScene, servers: LocalServers): Promise<void> {
  const { context, prepared, print, folder, isColoured, services, failure } = scene;
  const ports: number[] = [];
  while (ports.length < portsNeeded(prepared.processes)) ports.push(await freePort());
  const { redisUrl, natsUrl, databaseUrl } = servers;
  const planned = planProcesses({ ...prepared, redisUrl, natsUrl, databaseUrl, ports });
  for (const { service, name, env } of planned) {
    const process = new ServiceProcess({
      ...{ name, isColoured, ledger: folder.ledger },
      program: context.serviceProgram(service),
      env: { ...context.env, ...prepared.env, ...env },
      print: (text) => print(name, text),
      monotonicMs: () => context.clock.monotonic(),
      onHopeless: failure.reject,
    });
    if (scene.isStopping === true) return;
    services.push(process);
    process.start();
    // The first one creates tables and streams; the others use them.
    if (services.length === 1) await process.ready;
  }
  await Promise.all(services.map((service) => service.ready));
  for (const text of greeting(scene)) print(OWN_NAME, text);
}

function greeting({ context, prepared: { listen, moduleIds, modules, processes } }: DevScene): string[] {
  const count =
    processes === 1 ? 'five services' : `five services, ${countOf(processes, 'process', 'processes')} each,`;
  const what = moduleIds.length === 0 ? 'without a module' : `with ${moduleIds.join(', ')}`;
  const file = modules[0] ?? 'FILE';
  return [
    `ready: ${count} accept tasks at ${listen}, ${what}`,
    `submit with: ${commandText(context.invocation, ['run', file, '--server', listen])}`,
  ];
}

/** The first signal stops services and servers; the second one ends everything at once, this process included. */
function stopSignals({ onSignal, exitNow }: CliContext, scene: DevScene) {
  const asked = Promise.withResolvers<void>();
  let signals = 0;
  // Also when the terminal is closed: the started processes would not end by themselves.
  const dispose = onSignal(() => {
    signals += 1;
    if (signals === 1) return asked.resolve();
    scene.folder.ledger.killAll();
    exitNow(ExitCode.INTERRUPTED);
  }, ['SIGHUP']);
  return { asked: asked.promise, dispose };
}

function serverDied(name: string, how: string): CatenaError {
  return new CatenaError('servers.died', `the server ${name} ended unexpectedly: ${how}`, {
    data: { server: name },
    remedy: 'start `catena dev` again: committed data is kept',
  });
}
