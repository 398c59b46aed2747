/** The HTTP API of a process that hosts ingress, configured by its settings. It is the same in both modes. */
import type { Clock } from '../../libs/clock/clock.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import type { RoutePorts } from '../../libs/extension/extension.ts';
import type { Health } from '../../libs/telemetry/health.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import { readTlsFiles } from '../../libs/transport/grpc/tls-files.ts';
import { parseTokens } from '../../libs/transport/grpc/tokens.ts';
import { basicRoutes, healthRoutes } from '../../libs/transport/http/basic-routes.ts';
import type { HttpRoutes } from '../../libs/transport/http/http-app.ts';
import { type HttpServer, startHttpServer } from '../../libs/transport/http/http-server.ts';
import type { NodeAlerts } from './alerts.ts';
import { API_TITLE, type ConfiguredExtension } from './extensions.ts';

export interface HttpApiOptions extends Pick<RoutePorts, 'store' | 'coordinator' | 'modules' | 'submit'> {
  readonly config: Config;
  /** Listen address, `host:port`. */
  readonly listen: string;
  /** Extensions whose routes are served beside the built-in ones. */
  readonly extensions: readonly ConfiguredExtension[];
  readonly alerts: Pick<NodeAlerts, 'raise'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health?: Pick<Health, 'report'> | undefined;
}

/** Rejects with `http.cannot_listen`, `http.unprotected`, `config.bad_certificate` (all fatal), and with errors of extensions. */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpServer> {
  const { config, listen, log } = options;
  const { api, grpc } = config;
  return startHttpServer({
    listen,
    log,
    info: API_TITLE,
    maxBodyBytes: api.maxBodyBytes,
    drainMs: grpc.drainMs,
    routes: [basicRoutes, healthRoutes(options.health), ...(await routesOf(options))],
    tokens: grpc.tokens === undefined ? [] : parseTokens(grpc.tokens),
    allowUnprotected: config.access.allowUnprotected,
    tls: readTlsFiles({ cert: grpc.tlsCert, key: grpc.tlsKey, ca: grpc.tlsCa, clientAuth: grpc.tlsClientAuth }),
    allowedOrigins: api.allowedOrigins ?? [],
    allowedHosts: api.allowedHosts ?? [],
    trustedProxies: api.trustedProxies ?? [],
  });
}

async function routesOf(options: HttpApiOptions): Promise<HttpRoutes[]> {
  const { config, extensions, alerts, store, coordinator, modules, submit, clock, log, metrics } = options;
  const { account, platform, submissionsPerMinute } = config.api;
  const answers = metrics.counter(METRICS.statusAnswers);
  const portsOf = (settings: ConfiguredExtension['settings']) => ({
    settings,
    store,
    coordinator,
    modules,
    submit,
    clock,
    log,
    statusAnswerChecked: (level: string) => answers.with({ level }).add(),
    account,
    platform,
    submissionsPerMinute,
    raiseAlert: alerts.raise,
  });
  const routes = await Promise.all(
    extensions.map(async ({ extension, settings }) => (await extension.routes?.(portsOf(settings))) ?? []),
  );
  return routes.flat();
}
