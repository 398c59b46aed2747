/** The traces of runs over five processes, as a collector receives them from all of them. */
import { expect, it, onTestFinished } from 'vitest';
import { startShopSite } from '../../examples/shop/site/site.ts';
import { runTraceIds } from '../../libs/telemetry/trace-ids.ts';
import { startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, submitRun } from '../fixtures/deployment/runs.ts';
import type { ReceivedSpan } from '../fixtures/otlp/decode-spans.ts';
import { startOtlpReceiver } from '../fixtures/otlp/receiver.ts';
import { isNamed, isOfStage, KIND, lineage } from './lineage.ts';

const SERVICES = ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'];

/** Half of the first answers are a 500. */
const FAULTS = { rates: { error: 0.5, timeout: 0, malformed: 0, throttled: 0 }, maxPerPath: 1, retryAfterS: 1 };

/** The shop over five processes, to its end, and all spans that they sent. */
async function tracedShop(env: Record<string, string>) {
  const { endpoint, spans } = await startOtlpReceiver();
  const site = await startShopSite({ products: 8, pageSize: 4, seed: 5, faults: FAULTS });
  onTestFinished(() => site.close());
  const common = { CATENA_OTEL_ENDPOINT: endpoint, CATENA_ROBOTS_ENABLED: 'false' };
  const deployment = await startDeployment({ modules: ['examples/shop/shop.ts'], env: { ...common, ...env } });
  onTestFinished(() => deployment.stop());
  const runId = await submitRun(deployment, 'shop', { base: site.url });
  const { end } = await closedRun(deployment, runId);
  expect(end).toMatchObject({ done: 21, dead: 0, items: 8 });
  // What a process has not sent yet it sends when it stops.
  await deployment.stop();
  const { traceId, spanId } = runTraceIds(runId);
  return { runId, traceId, rootId: spanId, spans, ofRun: spans.filter((span) => span.traceId === traceId) };
}

const serviceOf = ({ resource }: ReceivedSpan) => String(resource['service.name']);

/** As Jaeger computes its graph: a service calls another when a span of the one is the parent of a span of the other. */
function serviceGraph(spans: readonly ReceivedSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const edges = spans.flatMap((span) => {
    const parent = byId.get(span.parentId);
    return parent === undefined || serviceOf(parent) === serviceOf(span)
      ? []
      : [`${serviceOf(parent)} > ${serviceOf(span)}`];
  });
  return [...new Set(edges)].sort();
}

it('a run over five processes is one trace from which Jaeger makes its graph and its searches', async () => {
  const { runId, rootId, ofRun: spans } = await tracedShop({ CATENA_OTEL_SAMPLE_RATIO: '1' });
  // One tree: every span but the root has its parent, whichever process made that.
  expect(spans.filter(({ parentId }) => parentId === '')).toMatchObject([{ name: 'submit shop', spanId: rootId }]);
  const ids = new Set(spans.map((span) => span.spanId));
  expect(ids.size).toBe(spans.length);
  expect(spans.filter(({ parentId }) => parentId !== '' && !ids.has(parentId))).toEqual([]);

  // The graph: who calls whom, over gRPC and NATS.
  const graph = serviceGraph(spans);
  for (const edge of [
    ...['ingress > module-processor', 'module-processor > downloader', 'downloader > parser'],
    ...['parser > ingress', 'parser > error-threshold'],
  ]) {
    expect(graph).toContain(edge);
  }
  // An edge needs a span of each side: the one that sends or calls, and the one that takes.
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  for (const span of spans) {
    const parent = byId.get(span.parentId);
    if (parent === undefined || serviceOf(parent) === serviceOf(span)) continue;
    expect([KIND.client, KIND.producer], `${parent.name} → ${span.name}`).toContain(parent.kind);
    expect([KIND.server, KIND.consumer], `${parent.name} → ${span.name}`).toContain(span.kind);
  }

  // The search by service: where a span comes from.
  expect(new Set(spans.map(serviceOf))).toEqual(new Set(SERVICES));
  for (const { resource } of spans) {
    expect(resource).toMatchObject({
      'service.namespace': 'catena',
      'service.version': expect.any(String),
      'service.instance.id': expect.any(String),
      'host.name': expect.any(String),
    });
  }
  // The search by operation: few names, each with its destination.
  const names = new Set(spans.map(({ name }) => name));
  for (const name of names) expect(name, name).toMatch(/^\S+ \S+|^catena\.v1\.\w+\/\w+$|^[A-Z]+$/);
  expect(names.size).toBeLessThan(80);
  for (const stage of SERVICES) {
    const makers = spans.filter(isNamed(stage)).map(serviceOf);
    expect(new Set(makers), stage).toEqual(new Set([stage]));
  }
  // The search by tags.
  for (const { name, attributes } of spans.filter(isOfStage)) expect(attributes.run_id, name).toBe(runId);
  const parsed = spans.filter(isNamed('parser')).filter(({ attributes }) => attributes.commit === 'COMMIT_OK');
  expect(parsed).toHaveLength(10);
  for (const { attributes } of parsed) {
    expect(attributes).toMatchObject({
      module_id: 'shop@1.0.0',
      step: expect.any(String),
      step_idx: expect.any(Number),
      epoch: expect.any(Number),
      attempt: expect.any(Number),
      decision: 'next',
    });
  }
  for (const span of spans.filter(isNamed('parser'))) {
    expect(lineage(span, spans)).toMatch(/^submit > .*downloader > parser$/);
  }
});

it('each call of a server is a span of the kind and the names that OpenTelemetry gives it, and shows no secret', async () => {
  const { spans, ofRun } = await tracedShop({ CATENA_OTEL_SAMPLE_RATIO: '1' });
  const with_ = (fields: object) => ofRun.filter(({ attributes }) => includes(attributes, fields));
  const redis = with_({ 'db.system.name': 'redis' });
  expect(redis.map(({ name }) => name)).toContain('EVALSHA ptm_commit_success');
  expect(redis.find(({ name }) => name === 'EVALSHA ptm_commit_success')).toMatchObject({
    kind: KIND.client,
    attributes: {
      'db.stored_procedure.name': 'ptm_commit_success',
      code: 'COMMIT_OK',
      'server.port': expect.any(Number),
    },
  });
  const postgres = with_({ 'db.system.name': 'postgresql' });
  expect(postgres.length).toBeGreaterThan(0);
  expect(new Set(postgres.map(({ kind }) => kind))).toEqual(new Set([KIND.client]));
  const sent = with_({ 'messaging.system': 'nats', 'messaging.operation.type': 'send' });
  expect(sent.map(({ name }) => name)).toContain('send chain.response.{module}.{request}');
  expect(new Set(sent.map(({ kind }) => kind))).toEqual(new Set([KIND.producer]));
  const taken = with_({ 'messaging.system': 'nats', 'messaging.operation.type': 'process' });
  expect(new Set(taken.map(({ kind }) => kind))).toEqual(new Set([KIND.consumer]));
  for (const { attributes } of taken) {
    expect(attributes['messaging.destination.template']).toMatch(/^chain\.\w+\.\{/);
    expect(attributes['messaging.message.body.size']).toEqual(expect.any(Number));
  }
  const calls = with_({ 'rpc.method': 'catena.v1.ModuleProcessor/ExecuteModule' });
  expect(new Set(calls.map(({ kind }) => kind))).toEqual(new Set([KIND.client, KIND.server]));
  const submitted = spans.filter(({ attributes }) => String(attributes['rpc.method']).endsWith('/SubmitTask'));
  expect(submitted).toMatchObject([{ kind: KIND.server, attributes: { 'rpc.system.name': 'grpc' } }]);
  const asked = with_({ 'http.request.method': 'GET' });
  expect(new Set(asked.map(({ kind }) => kind))).toEqual(new Set([KIND.client]));
  for (const { attributes } of asked) {
    expect(attributes).toMatchObject({
      'http.response.status_code': expect.any(Number),
      'http.response.body.size': expect.any(Number),
      'server.address': '127.0.0.1',
      attempt: expect.any(Number),
    });
  }
  const all = JSON.stringify(
    spans.map(({ name, attributes, events, resource }) => ({ name, attributes, events, resource })),
  );
  expect(all).not.toMatch(/redis\.call|INSERT INTO|postgres:\/\/|:[^/"@\s]*@/);
});

it('failures are decided by name, and the retry is in the same trace', async () => {
  const { ofRun: spans } = await tracedShop({ CATENA_OTEL_SAMPLE_RATIO: '1' });
  const failed = spans.filter(isNamed('parser')).filter(({ status }) => status.code === 2);
  expect(failed.length).toBeGreaterThan(0);
  for (const failure of failed) {
    const node = failure.attributes.request_id;
    expect(failure).toMatchObject({
      attributes: { 'error.type': 'download.status', decision: 'fail', commit: 'ERROR_EMIT_OK', epoch: 0, attempt: 1 },
    });
    const decided = spans.filter(isNamed('error-threshold')).filter(({ attributes }) => attributes.request_id === node);
    expect(decided).toMatchObject([
      { attributes: { decision: 'retry', failure_code: 'download.status', delay_ms: expect.any(Number) } },
    ]);
    expect(lineage(decided[0]!, spans)).toMatch(/downloader > parser > error-threshold$/);
    const again = spans.filter(isNamed('downloader')).filter(({ attributes }) => attributes.request_id === node);
    expect(again.map(({ attributes }) => attributes.epoch).sort()).toEqual([0, 1]);
  }
});

it('of a run that is not sampled each process sends what it did for the nodes that failed, and nothing else', async () => {
  const { runId, ofRun: spans, rootId } = await tracedShop({ CATENA_OTEL_SAMPLE_RATIO: '0' });
  const failed = spans.filter(isNamed('parser')).filter(({ status }) => status.code === 2);
  expect(failed.length).toBeGreaterThan(0);
  const nodes = new Set(failed.map(({ attributes }) => attributes.request_id));
  for (const node of nodes) {
    const story = spans.filter(({ attributes }) => attributes.request_id === node);
    const did = new Set(story.map(serviceOf));
    for (const service of ['downloader', 'parser', 'error-threshold']) expect(did).toContain(service);
    const downloads = story.filter(isNamed('downloader')).map(({ attributes }) => attributes.epoch);
    expect(downloads.sort()).toEqual([0, 1]);
  }
  for (const { name, attributes } of spans.filter(isOfStage)) {
    expect(attributes.run_id, name).toBe(runId);
    if (name !== 'submit shop') expect(nodes, name).toContain(attributes.request_id);
  }
  expect(spans.filter(({ spanId }) => spanId === rootId)).toHaveLength(1);
  const ids = new Set(spans.map((span) => span.spanId));
  expect(spans.filter(({ parentId }) => parentId !== '' && !ids.has(parentId))).toEqual([]);
});

function includes(attributes: ReceivedSpan['attributes'], wanted: object): boolean {
  return Object.entries(wanted).every(([name, value]) => attributes[name] === value);
}
