/** The HTTP API of a process that hosts ingress, as its configuration asks for it; the same over either mode's ground. */

import { consistencyRoutes } from '../../libs/brand/api/consistency-routes.ts';
import type { DiagnosisApiDeps } from '../../libs/brand/api/deps.ts';
import { API_TITLE, diagnosisApi } from '../../libs/brand/api/diagnosis-api.ts';
import { createConsistencyMonitor } from '../../libs/brand/consistency/monitor.ts';
import { configuredRegistry } from '../../libs/brand/module/provider-registry.ts';
import type { Clock } from '../../libs/clock/clock.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import { readTlsFiles } from '../../libs/transport/grpc/tls-files.ts';
import { parseTokens } from '../../libs/transport/grpc/tokens.ts';
import { type HttpServer, startHttpServer } from '../../libs/transport/http/http-server.ts';
import type { NodeAlerts } from './alerts.ts';

export interface HttpApiOptions extends Pick<DiagnosisApiDeps, 'store' | 'coordinator' | 'modules' | 'submit'> {
  readonly config: Config;
  /** Where it listens, `host:port`. */
  readonly listen: string;
  /** Told when too many status answers are inconsistent. */
  readonly alerts: Pick<NodeAlerts, 'consistency'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often a run that somebody waits for is looked at. */
const POLL_INTERVAL_MS = 250;

/** Rejects with `http.cannot_listen`, `http.unprotected` and `config.bad_certificate`, all fatal. */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpServer> {
  const { config, listen, alerts, clock, log, ...ports } = options;
  const { api, grpc } = config;
  const consistency = createConsistencyMonitor({ clock, log, onAlert: (alert) => alerts.consistency(alert) });
  const server = await startHttpServer({
    ...{ listen, log, info: API_TITLE, maxBodyBytes: api.maxBodyBytes, drainMs: grpc.drainMs },
    routes: [
      ...diagnosisApi({
        ...ports,
        models: knownModels(config),
        ...{ account: api.account, platform: api.platform, submissionsPerMinute: api.submissionsPerMinute },
        pollIntervalMs: POLL_INTERVAL_MS,
        consistency,
      }),
      consistencyRoutes(consistency),
    ],
    tokens: grpc.tokens === undefined ? [] : parseTokens(grpc.tokens),
    tls: readTlsFiles({ cert: grpc.tlsCert, key: grpc.tlsKey, ca: grpc.tlsCa, clientAuth: grpc.tlsClientAuth }),
    allowedOrigins: api.allowedOrigins ?? [],
    trustedProxies: api.trustedProxies ?? [],
  });
  consistency.start();
  const stop = (): Promise<void> => {
    consistency.stop();
    return server.stop();
  };
  return { ...server, stop };
}

/** The names of the configured registry, read when they are first asked for: not every process makes diagnoses. */
function knownModels({ brand }: Config): () => readonly string[] {
  let names: readonly string[] | undefined;
  return () => (names ??= configuredRegistry(brand.providers).names);
}
