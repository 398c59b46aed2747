import { expect, it } from 'vitest';
import { otelEnvironment } from './otel-environment.ts';

const settings = { endpoint: undefined, pushIntervalMs: 0, sampleRatio: undefined, serviceName: 'parser' };

it('without settings and variables nothing is traced or pushed', () => {
  expect(otelEnvironment(settings, {})).toMatchObject({
    tracesEndpoint: undefined,
    metricsEndpoint: undefined,
    serviceName: 'parser',
    sampleRatio: 0.05,
  });
});

it('the variables of OpenTelemetry say where, under which name, how much and how often', () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    OTEL_SERVICE_NAME: 'shop-parser',
    OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=shops, k8s.pod.name = p%2D1 ,broken,=x',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_METRIC_EXPORT_INTERVAL: '15000',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  };
  expect(otelEnvironment(settings, env)).toEqual({
    tracesEndpoint: 'http://collector:4318',
    metricsEndpoint: 'http://collector:4318',
    metricIntervalMs: 15_000,
    serviceName: 'shop-parser',
    attributes: { 'service.namespace': 'shops', 'k8s.pod.name': 'p-1' },
    sampleRatio: 0.25,
  });
});

it('a setting of Catena goes before a variable', () => {
  const own = { ...settings, endpoint: 'http://own:4318', pushIntervalMs: 5_000, sampleRatio: 0.5 };
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    OTEL_METRIC_EXPORT_INTERVAL: '15000',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.05',
  };
  expect(otelEnvironment(own, env)).toMatchObject({
    ...{ tracesEndpoint: 'http://own:4318', metricsEndpoint: 'http://own:4318' },
    ...{ metricIntervalMs: 5_000, sampleRatio: 0.5 },
  });
});

it('OTEL_SDK_DISABLED ends both, OTEL_TRACES_EXPORTER=none traces, and what is no number counts as not set', () => {
  const on = { ...settings, endpoint: 'http://own:4318', pushIntervalMs: 5_000 };
  expect(otelEnvironment(on, { OTEL_SDK_DISABLED: 'true' })).toMatchObject({
    tracesEndpoint: undefined,
    metricsEndpoint: undefined,
  });
  expect(otelEnvironment(on, { OTEL_TRACES_EXPORTER: 'none' })).toMatchObject({
    tracesEndpoint: undefined,
    metricsEndpoint: 'http://own:4318',
  });
  const odd = {
    OTEL_METRIC_EXPORT_INTERVAL: 'often',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: 'half',
  };
  expect(otelEnvironment(settings, odd)).toMatchObject({ metricIntervalMs: 60_000, sampleRatio: 0.05 });
});

it.each([
  ['always_on', 1],
  ['parentbased_always_off', 0],
  ['jaeger_remote', 0.05],
])('the sampler %s takes %d of the runs', (sampler, ratio) => {
  expect(otelEnvironment(settings, { OTEL_TRACES_SAMPLER: sampler }).sampleRatio).toBe(ratio);
});
