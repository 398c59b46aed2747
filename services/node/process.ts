/** The life of a service's process: its configuration, its start, the signals that end it, and its exit code. */

import { ModuleRegistry } from '../../libs/calls/registry.ts';
import { ExitCode } from '../../libs/cli/exit-codes.ts';
import { armNamedFailpoint } from '../../libs/cli/failpoint-variable.ts';
import { systemClock } from '../../libs/clock/clock.ts';
import { accessWarnings } from '../../libs/config/access-warnings.ts';
import type { Environment } from '../../libs/config/environment.ts';
import { readEnvironment } from '../../libs/config/environment.ts';
import { ignoredProxies } from '../../libs/config/ignored-proxies.ts';
import { type LoadedConfig, loadConfig } from '../../libs/config/load-config.ts';
import { CatenaError, toCatenaError } from '../../libs/errors/catena-error.ts';
import type { Extension } from '../../libs/extension/extension.ts';
import { settingsForFiles } from '../../libs/modules/load/module-settings.ts';
import type { CallsInFlight } from '../../libs/telemetry/calls-in-flight.ts';
import { Health } from '../../libs/telemetry/health.ts';
import { createLog, type Log } from '../../libs/telemetry/log.ts';
import { Metrics } from '../../libs/telemetry/metrics.ts';
import { startTelemetry, type Telemetry } from '../../libs/telemetry/start-telemetry.ts';
import type { Tracing } from '../../libs/telemetry/tracing.ts';
import { startWatchdog } from '../../libs/telemetry/watchdog/watchdog.ts';
import { openModules } from '../../libs/workers/open-modules.ts';
import { STAGE_NAMES, type StageName } from '../stages.ts';
import { startDistributedNode } from './distributed.ts';
import { type ConfiguredExtension, configure, openExtensions } from './extensions.ts';
import { startSingleServer } from './single-server.ts';

/** A process that is still running this long after its drain time is killed; other processes execute its nodes again. */
const HARD_LIMIT_MS = 20_000;

/**
 * Runs the stages in this process until SIGTERM or SIGINT; a second signal ends it at once. Never rejects: a failure at the start
 * or later is logged, and the exit code names its kind.
 */
export async function runProcess(stages: readonly StageName[], env: Environment = readEnvironment()): Promise<number> {
  const ended = signalled();
  let log = createLog({ level: 'info', format: 'json', runtimeMode: 'distributed' });
  let loaded: LoadedConfig | undefined;
  try {
    armNamedFailpoint(env);
    const extensions = await openExtensions({ env });
    loaded = loadConfig({ env, extensions, deniesPrivateTargets: true });
    log = logOf(loaded, stages);
    await serve(stages, { loaded, extensions, env, log }, ended);
    return ExitCode.DONE;
  } catch (thrown) {
    const error = toCatenaError(thrown, 'service.failed', 'fatal');
    log.error('the service failed and ends', { error });
    // In single-node mode the database file is the server: its failure is no configuration error.
    const isOfFile = loaded?.mode === 'single_node' && error.code.startsWith('store.');
    return error.class === 'retryable' || isOfFile ? ExitCode.STORE_FAILED : ExitCode.BAD_INPUT;
  }
}

function warnOfProxies(env: Environment, log: Log): void {
  const proxies = ignoredProxies(env);
  if (proxies !== undefined) log.warn(proxies.message, { variables: proxies.variables, remedy: proxies.remedy });
}

interface Told {
  readonly loaded: LoadedConfig;
  readonly extensions: readonly Extension[];
  readonly env: Environment;
  readonly log: Log;
}

async function serve(
  stages: readonly StageName[],
  { loaded, extensions, env, log }: Told,
  ended: Promise<string>,
): Promise<void> {
  const { config, mode } = loaded;
  requireBackends(loaded, stages);
  for (const { message, ...about } of accessWarnings(config)) log.warn(message, { ...about });
  warnOfProxies(env, log);
  const metrics = new Metrics();
  const opened = await openModules({
    files: config.modules.files ?? [],
    settingsFor: settingsForFiles(extensions, () => loaded.values),
    ...{ config, env, log, metrics },
  });
  const health = new Health({ log, metrics });
  const signalled = new AbortController();
  void ended.then(() => signalled.abort());
  const { signal } = signalled;
  const { level, format } = config.log;
  const fields = { service: serviceName(stages) };
  const watchdog = startWatchdog({ log: { level, format, runtimeMode: mode }, fields, metrics });
  let telemetry: Telemetry | undefined;
  try {
    const modules = new ModuleRegistry(opened.modules);
    telemetry = await startTelemetry({ config, serviceName: serviceName(stages), log, metrics, health, env });
    const { calls } = opened;
    const { tracing } = telemetry;
    const parts = { modules, calls, extensions: configure(extensions, loaded), metrics, log, health, tracing, signal };
    const node = await start(stages, loaded, parts).catch((error: unknown) => {
      if (signal.aborted) log.info('stopped while it waited for a server');
      else throw error;
    });
    if (node === undefined) return;
    log.info('ready', {
      ...concurrency(loaded),
      modules: modules.ids(),
      port: node.port,
      api: node.apiUrl,
      metrics: telemetry.metricsUrl,
    });
    try {
      log.info('stopping', { signal: await Promise.race([ended, node.failure]) });
    } finally {
      setTimeout(() => process.exit(ExitCode.INTERRUPTED), config.grpc.drainMs + HARD_LIMIT_MS).unref();
      await node.stop();
    }
  } finally {
    await opened.stop();
    await telemetry?.stop();
    await watchdog.stop();
  }
  log.info('stopped');
}

interface Serving {
  readonly port?: number;
  readonly apiUrl: string | undefined;
  /** Rejects when the process cannot go on. */
  readonly failure: Promise<never>;
  stop(): Promise<void>;
}

const NEVER = new Promise<never>(() => {});

async function start(
  stages: readonly StageName[],
  { config, mode }: LoadedConfig,
  {
    modules,
    calls,
    extensions,
    metrics,
    log,
    health,
    tracing,
    signal,
  }: {
    readonly modules: ModuleRegistry;
    readonly calls: () => CallsInFlight;
    readonly extensions: readonly ConfiguredExtension[];
    readonly metrics: Metrics;
    readonly log: Log;
    readonly health: Health;
    readonly tracing: Tracing | undefined;
    /** Ends a start that waits for servers. */
    readonly signal: AbortSignal;
  },
): Promise<Serving> {
  if (mode === 'single_node') return startSingleServer({ config, modules, calls, extensions, metrics, log, health });
  const hosted = new Set(stages);
  const clock = systemClock;
  const node = await startDistributedNode({
    ...{ config, hosted, modules, calls, extensions, metrics, clock, log, health, tracing, signal },
  });
  return { port: node.port, apiUrl: node.apiUrl, failure: NEVER, stop: () => node.stop() };
}

/** Resolves with the first signal; the second ends the process. */
function signalled(): Promise<string> {
  const first = Promise.withResolvers<string>();
  let isSecond = false;
  const listener = (signal: string): void => {
    if (isSecond) process.exit(ExitCode.INTERRUPTED);
    isSecond = true;
    first.resolve(signal);
  };
  process.on('SIGTERM', listener);
  process.on('SIGINT', listener);
  return first.promise;
}

function logOf({ config, mode }: LoadedConfig, stages: readonly StageName[]): Log {
  const { level, format } = config.log;
  return createLog({ level, format, runtimeMode: mode }).child({ service: serviceName(stages) });
}

function serviceName(stages: readonly StageName[]): string {
  return stages.length === 1 ? stages[0]! : 'catena';
}

/** Stages in different processes need servers between them. */
function requireBackends({ mode }: LoadedConfig, stages: readonly StageName[]): void {
  if (mode === 'distributed' || stages.length === STAGE_NAMES.length) return;
  throw new CatenaError(
    'service.not_distributed',
    'a service needs Redis, NATS and PostgreSQL, but none is configured',
    {
      remedy: 'set cache.redis, nats.url and store.url, or run all stages in one process with `catena serve`',
    },
  );
}

function concurrency({ values }: LoadedConfig) {
  const { task_concurrency, publish_concurrency, parser_concurrency, error_task_concurrency, download_concurrency } =
    values;
  return { task_concurrency, publish_concurrency, parser_concurrency, error_task_concurrency, download_concurrency };
}
