/**
 * The variables of OpenTelemetry, for deployments that set them for all their services. A setting of Catena goes before them. Headers,
 * certificates and compression (`OTEL_EXPORTER_OTLP_*`) are read by the exporters themselves.
 */
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';

export interface OtelEnvironment {
  /** Where traces go; undefined: nowhere. */
  readonly tracesEndpoint: string | undefined;
  /** Where metrics are pushed; undefined: nowhere. */
  readonly metricsEndpoint: string | undefined;
  readonly metricIntervalMs: number;
  readonly serviceName: string;
  /** Further attributes of the resource. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly sampleRatio: number;
}

/** What the settings say. */
export interface OtelSettings {
  readonly endpoint: string | undefined;
  readonly pushIntervalMs: number;
  /** Undefined: not set. */
  readonly sampleRatio: number | undefined;
  readonly serviceName: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_INTERVAL_MS = 60_000;
/** Enough runs to see how the chain moves, at a cost that nobody notices. What fails is traced besides. */
const DEFAULT_SAMPLE_RATIO = 0.05;

export function otelEnvironment(settings: OtelSettings, env: Variables): OtelEnvironment {
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true';
  const endpoint = settings.endpoint ?? nonEmpty(env.OTEL_EXPORTER_OTLP_ENDPOINT);
  const attributes = attributesIn(env.OTEL_RESOURCE_ATTRIBUTES ?? '');
  const wantsPush = settings.pushIntervalMs > 0 || (env.OTEL_METRICS_EXPORTER ?? '').split(',').includes('otlp');
  const wantsTraces = env.OTEL_TRACES_EXPORTER !== 'none';
  return {
    tracesEndpoint: isOff || !wantsTraces ? undefined : endpoint,
    metricsEndpoint: isOff || !wantsPush ? undefined : endpoint,
    metricIntervalMs:
      settings.pushIntervalMs || numberIn(env.OTEL_METRIC_EXPORT_INTERVAL, 1_000) || DEFAULT_INTERVAL_MS,
    serviceName: nonEmpty(env.OTEL_SERVICE_NAME) ?? attributes[ATTR_SERVICE_NAME] ?? settings.serviceName,
    attributes,
    sampleRatio: settings.sampleRatio ?? ratioIn(env) ?? DEFAULT_SAMPLE_RATIO,
  };
}

/** `key=value` pairs, separated by commas; values may be percent-encoded. What is no pair is left out. */
function attributesIn(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (key !== undefined && value !== undefined) attributes[key] = decoded(value);
  }
  return attributes;
}

/** The share that a sampler of the environment takes; whether a caller's trace is sampled changes nothing for a run. */
function ratioIn({ OTEL_TRACES_SAMPLER: sampler = '', OTEL_TRACES_SAMPLER_ARG: share }: Variables): number | undefined {
  if (/(?:^|_)always_on$/.test(sampler)) return 1;
  if (/(?:^|_)always_off$/.test(sampler)) return 0;
  const ratio = /(?:^|_)traceidratio$/.test(sampler) ? numberIn(share, 0) : undefined;
  return ratio === undefined ? undefined : Math.min(1, ratio);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

/** Undefined for what is no number, or less than the least. */
function numberIn(text: string | undefined, least: number): number | undefined {
  const number = Number(text);
  return text === undefined || text === '' || !Number.isFinite(number) || number < least ? undefined : number;
}
