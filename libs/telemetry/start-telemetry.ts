import type { Config } from '../config/config-tree.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { type MetricsServer, startMetricsServer } from './metrics-server.ts';
import { startTracing, type Tracing } from './tracing.ts';

export interface TelemetryOptions {
  readonly config: Pick<Config, 'otel' | 'metrics'>;
  /** How this process calls itself in traces: `catena`, or the name of its service. */
  readonly serviceName: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Telemetry {
  /** Where metrics are served, if they are. */
  readonly metricsUrl: string | undefined;
  /** Sends what is left, within a bound, and closes. Idempotent; never rejects. */
  stop(): Promise<void>;
}

/** Starts what the configuration asks for: traces, a metrics endpoint, both or neither. Throws `telemetry.cannot_listen`. */
export async function startTelemetry({ config, serviceName, log, metrics }: TelemetryOptions): Promise<Telemetry> {
  const { listen } = config.metrics;
  const { endpoint, sampleRatio } = config.otel;
  const server: MetricsServer | undefined =
    listen === undefined ? undefined : await startMetricsServer({ listen, metrics });
  const tracing: Tracing | undefined =
    endpoint === undefined ? undefined : await startTracing({ endpoint, serviceName, sampleRatio, log, metrics });
  return {
    metricsUrl: server?.url,
    stop: async () => {
      await Promise.all([server?.close(), tracing?.stop()]);
    },
  };
}
