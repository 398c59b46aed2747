/** Single-node mode as a server: the five stages over one file, with the HTTP API. */

import type { ModuleRegistry } from '../../libs/calls/registry.ts';
import { systemClock } from '../../libs/clock/clock.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import type { CatenaError } from '../../libs/errors/catena-error.ts';
import { makeDatabaseFolder } from '../../libs/store/sqlite/single-file.ts';
import type { CallsInFlight } from '../../libs/telemetry/calls-in-flight.ts';
import { Health } from '../../libs/telemetry/health.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import type { HttpServer } from '../../libs/transport/http/http-server.ts';
import type { ConfiguredExtension } from './extensions.ts';
import { startHttpApi } from './http-api.ts';
import { startSingleNode } from './single.ts';

export interface SingleServerOptions {
  readonly config: Config;
  readonly modules: ModuleRegistry;
  /** The calls in its workers; default: none is known. */
  readonly calls?: () => CallsInFlight;
  /** Default none. */
  readonly extensions?: readonly ConfiguredExtension[];
  readonly metrics: Metrics;
  readonly log: Log;
  /** Default: one that nobody reads. */
  readonly health?: Health;
}

export interface SingleServer {
  /** The URL of the HTTP API. */
  readonly apiUrl: string;
  /** Rejects when the database file fails: no work is possible until it is repaired. Never resolves. */
  readonly failure: Promise<never>;
  /** Answers waiting calls, takes no more work, and waits a limited time for running executions. Idempotent. */
  stop(): Promise<void>;
}

/** The HTTP API is the only entry in this mode, so it is always served. */
const DEFAULT_LISTEN = '127.0.0.1:8080';

/** Rejects with `store.…` and `http.…`. Unfinished runs of modules that are not loaded are paused. */
export async function startSingleServer(options: SingleServerOptions): Promise<SingleServer> {
  const { config, modules, extensions = [], metrics, log } = options;
  const health = options.health ?? new Health({ log, metrics });
  const failed = Promise.withResolvers<never>();
  // The rejection may come when nobody has a handler on `failure`; it must not end the process.
  failed.promise.catch(() => {});
  await makeDatabaseFolder(config.store.path);
  const node = startSingleNode({
    config,
    modules,
    metrics,
    log,
    ...(options.calls === undefined ? {} : { calls: options.calls }),
    extensions: extensions.map(({ extension }) => extension),
    serves: (run) => run.modules.every((id) => modules.find(id) !== undefined),
    onStoreFailure: (error: CatenaError) => failed.reject(error),
  });
  let api: HttpServer;
  try {
    await node.admit();
    const { store, coordinator, submit, alerts } = node;
    const listen = config.api.listen ?? DEFAULT_LISTEN;
    const clock = systemClock;
    const ports = { store, coordinator, modules, submit, alerts, clock, log, metrics, health };
    api = await startHttpApi({ config, listen, extensions, ...ports });
    await health.begin({ file: () => store.listRuns({ limit: 1 }) });
  } catch (thrown) {
    await node.stop();
    throw thrown;
  }
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    health.drain();
    await api.stop();
    await node.stop();
  };
  return { apiUrl: api.url, failure: failed.promise, stop: () => (stopped ??= stop()) };
}
