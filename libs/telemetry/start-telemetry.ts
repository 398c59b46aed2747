import type { Config } from '../config/config-tree.ts';
import { isLoopback } from '../config/listen-address.ts';
import type { Health } from './health.ts';
import type { Log } from './log.ts';
import { type MetricPush, startMetricPush } from './metric-push.ts';
import type { Metrics } from './metrics.ts';
import { type MetricsServer, startMetricsServer } from './metrics-server.ts';
import { otelEnvironment } from './otel-environment.ts';
import { packageVersion } from './package-version.ts';
import { resourceOf } from './resource.ts';
import { startRuntimeMetrics } from './runtime-metrics.ts';
import { startTracing, type Tracing } from './tracing.ts';

export interface TelemetryOptions {
  readonly config: Pick<Config, 'otel' | 'metrics' | 'api'>;
  /** The name of this process in traces: `catena`, or the name of its service. */
  readonly serviceName: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The variables of OpenTelemetry; default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly health?: Pick<Health, 'report'>;
}

export interface Telemetry {
  /** The address of the metrics server, if there is one. */
  readonly metricsUrl: string | undefined;
  /** Tracing, if it is on. */
  readonly tracing: Tracing | undefined;
  /** Sends the remaining spans, for a limited time, and closes. Idempotent; never rejects. */
  stop(): Promise<void>;
}

/** Starts tracing and the metrics server, as far as the configuration enables them. Throws `telemetry.cannot_listen`. */
export async function startTelemetry({
  config,
  serviceName,
  log,
  metrics,
  health,
  env = {},
}: TelemetryOptions): Promise<Telemetry> {
  const { listen, token, pushIntervalMs } = config.metrics;
  const otel = otelEnvironment({ ...config.otel, pushIntervalMs, serviceName }, env);
  if (listen !== undefined && token === undefined && !isLoopback(new URL(listen).host)) {
    log.warn(
      'other machines can read metrics without a token; set metrics.listen to 127.0.0.1 unless the network is closed',
      {
        address: listen,
      },
    );
  }
  const stopRuntimeMetrics = startRuntimeMetrics({ metrics, version: packageVersion(), service: serviceName });
  const server: MetricsServer | undefined =
    listen === undefined
      ? undefined
      : await startMetricsServer({ listen, metrics, token, allowedHosts: config.api.allowedHosts ?? [], health });
  const resource = resourceOf(otel, packageVersion());
  const { tracesEndpoint, sampleRatio } = otel;
  const tracing: Tracing | undefined =
    tracesEndpoint === undefined
      ? undefined
      : await startTracing({ endpoint: tracesEndpoint, resource, sampleRatio, log, metrics });
  const push: MetricPush | undefined =
    otel.metricsEndpoint === undefined
      ? undefined
      : await startMetricPush({
          ...{ endpoint: otel.metricsEndpoint, intervalMs: otel.metricIntervalMs },
          ...{ resource, metrics, log },
        });
  return {
    metricsUrl: server?.url,
    tracing,
    stop: async () => {
      stopRuntimeMetrics();
      await Promise.all([server?.close(), tracing?.stop(), push?.stop()]);
    },
  };
}
