/** The trace of a whole run, as a collector receives it. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { defineModule } from '../../libs/modules/index.ts';
import { createLog, type Log, silentLog } from '../../libs/telemetry/log.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { Metrics } from '../../libs/telemetry/metrics.ts';
import { runTraceIds } from '../../libs/telemetry/trace-ids.ts';
import { startTracing, type Tracing, type TracingOptions } from '../../libs/telemetry/tracing.ts';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';
import { run, startNode } from '../fixtures/flow.ts';
import { startOtlpReceiver } from '../fixtures/otlp/receiver.ts';
import { isNamed, isOfStage, KIND, lineage } from './lineage.ts';

/** A list, and the pages that it links to. */
const crawl = defineModule({
  name: 'crawl',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { list: z.object({}), detail: z.object({ path: z.string() }) },
  items: { page: z.object({ path: z.string() }) },
}).implement({
  *start({ go }) {
    yield go.list({});
  },
  steps: {
    list: {
      request: ({ input }) => new URL('/list', input.base),
      *parse({ text, go }) {
        for (const path of text.split(' ')) yield go.detail({ path });
      },
    },
    detail: {
      request: ({ input, state }) => new URL(state.path, input.base),
      *parse({ put, state }) {
        yield put.page({ path: state.path });
      },
    },
  },
});

/** `/list` links to two pages, the second of which fails at first. */
async function startSite(): Promise<string> {
  let failures = 0;
  const { origin } = await startServer(({ url }, response) => {
    if (url === '/list') response.end('/good /shaky');
    else if (url === '/shaky' && failures++ === 0) response.writeHead(503).end();
    else response.end('a page');
  });
  return origin;
}

async function trace(endpoint: string, more: Partial<TracingOptions> = {}): Promise<Tracing> {
  const resource = { 'service.name': 'catena' };
  const options = { resource, sampleRatio: 1, log: silentLog, metrics: new Metrics() };
  const tracing = await startTracing({ endpoint, ...options, ...more });
  onTestFinished(() => tracing.stop());
  return tracing;
}

/** Runs the crawl with tracing on, and answers its spans. */
async function tracedRun(more: Partial<TracingOptions> = {}, log: Log = silentLog) {
  const { endpoint, spans, paths } = await startOtlpReceiver();
  const tracing = await trace(endpoint, more);
  const node = startNode([crawl], {}, { log });
  const { runId, end } = await run(node, crawl, { base: await startSite() });
  expect(end).toMatchObject({ finishReason: 'completed', done: 7, dead: 0, items: 2 });
  await node.stop();
  await tracing.stop();
  return { runId, spans, paths };
}

describe('a traced run', () => {
  it('is one tree below its submission, whose ids follow from the id of the run', async () => {
    const { runId, spans, paths } = await tracedRun();
    const { traceId, spanId } = runTraceIds(runId);
    expect(new Set(paths)).toEqual(new Set(['/v1/traces']));
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    expect(new Set(spans.filter(isOfStage).map((span) => span.attributes.run_id))).toEqual(new Set([runId]));
    expect(new Set(spans.map((span) => span.resource['service.name']))).toEqual(new Set(['catena']));
    expect(spans.filter(({ parentId }) => parentId === '')).toMatchObject([{ name: 'submit crawl', spanId }]);
    expect(new Set(spans.map((span) => span.spanId)).size).toBe(spans.length);
    const opened = 'submit > ingress > open';
    const started = `${opened} > module-processor`;
    // Both are gone on with in the dispatch that opened the run, one after the other.
    const listed = `${opened} > module-processor > downloader > parser`;
    const detailed = `${listed} > ingress > module-processor > downloader > parser`;
    const lineages = new Set(spans.map((span) => lineage(span, spans)));
    for (const wanted of [opened, started, listed, detailed, `${detailed} > error-threshold`]) {
      expect([...lineages]).toContain(wanted);
    }
  });

  it('says in each span which node it worked on and what came of it', async () => {
    const { runId, spans } = await tracedRun();
    const parsed = spans.filter(isNamed('parser')).map(({ attributes }) => attributes);
    expect(parsed).toHaveLength(4);
    for (const attributes of parsed) {
      expect(attributes).toMatchObject({
        run_id: runId,
        task_id: runId,
        module_id: 'crawl@1.0.0',
        request_id: expect.any(String),
        prefix_request: expect.any(String),
      });
    }
    expect(parsed.filter(({ step_idx }) => step_idx === 0)).toMatchObject([
      { decision: 'next', commit: 'COMMIT_OK', children: 2, epoch: 0 },
    ]);
    const executed = spans.filter(isNamed('module-processor')).map(({ attributes }) => attributes);
    const hops = executed.filter(({ dispatch }) => dispatch !== 'start' && dispatch !== 'request');
    expect(hops).toHaveLength(4);
    for (const attributes of hops) {
      expect(attributes).toMatchObject({ commit: 'COMMIT_OK', decision: 'next', step_idx: expect.any(Number) });
    }
    // The dispatch that opened the run claimed the module's start, whose commit claimed its only child.
    expect(hops.filter(({ claim }) => claim === 'EXECUTE')).toHaveLength(2);
    expect(spans.every(({ startMs, endMs }) => endMs >= startMs && startMs > 1.7e12)).toBe(true);
  });

  it('shows a failure with its code, the decision about it, and the retry in the same trace', async () => {
    const { spans } = await tracedRun();
    const failed = spans.filter(isOfStage).filter(({ status }) => status.code === 2);
    expect(failed).toMatchObject([
      {
        name: 'parse crawl/detail',
        attributes: {
          'error.type': 'download.status',
          failed_in: 'parser',
          decision: 'fail',
          commit: 'ERROR_EMIT_OK',
          epoch: 0,
        },
        events: [{ name: 'exception' }],
      },
    ]);
    const decided = spans.filter(isNamed('error-threshold'));
    expect(decided).toMatchObject([
      { parentId: failed[0]!.spanId, attributes: { decision: 'retry', attempt: 1, failure_code: 'download.status' } },
    ]);
    const node = failed[0]!.attributes.request_id;
    const retried = spans.filter(isNamed('downloader')).filter(({ attributes }) => attributes.request_id === node);
    expect(retried.map(({ attributes }) => attributes.epoch).sort()).toEqual([0, 1]);
  });

  it('is found from its log lines', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const log = createLog({ level: 'debug', format: 'json', runtimeMode: 'single_node', stream });
    const { runId } = await tracedRun({}, log);
    const failure = lines.find((line) => line.includes('a node failed'));
    expect(JSON.parse(failure!)).toMatchObject({ run_id: runId, trace_id: runTraceIds(runId).traceId });
  });

  it('names spans by what is done with which step, and each request by what it asks for', async () => {
    const { spans } = await tracedRun();
    expect([...new Set(spans.map(({ name }) => name))].sort()).toEqual(
      [
        ...[
          'submit crawl',
          'dispatch crawl',
          'open crawl',
          'execute crawl/start',
          'execute crawl/list',
          'execute crawl/detail',
          'notify crawl/detail',
        ],
        ...['dispatch crawl/detail', 'download crawl/list', 'download crawl/detail', 'parse crawl/list'],
        ...['parse crawl/detail', 'decide crawl/detail', 'GET crawl/list', 'GET crawl/detail'],
      ].sort(),
    );
    const asked = spans.filter(({ name }) => name === 'GET crawl/detail');
    expect(asked.map(({ attributes }) => attributes['http.response.status_code']).sort()).toEqual([200, 200, 503]);
    for (const { kind, attributes, parentId } of asked) {
      expect(kind).toBe(KIND.client);
      expect(attributes).toMatchObject({
        'http.request.method': 'GET',
        'url.full': expect.stringMatching(/^http:/),
        'server.address': expect.any(String),
        'server.port': expect.any(Number),
        'http.response.body.size': expect.any(Number),
        attempt: expect.any(Number),
      });
      expect(spans.find(({ spanId }) => spanId === parentId)?.name).toBe('download crawl/detail');
    }
    const refused = asked.find(({ attributes }) => attributes['http.response.status_code'] === 503);
    expect(refused).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': '503', attempt: 1 } });
    const downloads = spans.filter(({ name }) => name === 'download crawl/detail');
    expect(downloads.map(({ attributes }) => attributes['http.response.status_code']).sort()).toEqual([200, 200, 503]);
  });

  it('that is not sampled leaves the whole trace of the node that failed, its retry included, and nothing else', async () => {
    const { runId, spans } = await tracedRun({ sampleRatio: 0 });
    const { traceId, spanId: rootId } = runTraceIds(runId);
    const failed = spans.filter(isNamed('parser')).find(({ status }) => status.code === 2)!;
    expect(failed).toMatchObject({ traceId, attributes: { run_id: runId, 'error.type': 'download.status' } });
    const node = failed.attributes.request_id;
    const story = spans.filter(isOfStage).map((span) => [span.name, span.attributes.epoch ?? 0].join(' '));
    expect(story.sort()).toEqual([
      'decide crawl/detail 0',
      // The sweeper sends the retry to ingress.
      'dispatch crawl/detail 1',
      'download crawl/detail 0',
      'download crawl/detail 1',
      'notify crawl/detail 1',
      'parse crawl/detail 0',
      'parse crawl/detail 1',
      'submit crawl 0',
    ]);
    for (const { name, attributes } of spans.filter(isOfStage)) {
      if (name !== 'submit crawl') expect(attributes.request_id, name).toBe(node);
      expect(attributes['catena.kept_for'], name).toBe('failure');
    }
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(ids.size).toBe(spans.length);
    expect(spans.filter(({ parentId }) => !ids.has(parentId)).map(({ spanId }) => spanId)).toEqual([rootId]);
    const asked = spans.filter(({ name }) => name === 'GET crawl/detail');
    expect(asked.map(({ attributes }) => attributes['http.response.status_code']).sort()).toEqual([200, 503]);
  });

  it('with more nodes than one trace may have goes on in traces of its hops, each linked to the root', async () => {
    const { runId, spans } = await tracedRun({ nodesPerTrace: 2 });
    const { traceId, spanId } = runTraceIds(runId);
    const split = spans.filter((span) => span.traceId !== traceId);
    const roots = split.filter(({ parentId }) => parentId === '');
    expect(new Set(split.map((span) => span.traceId)).size).toBeGreaterThanOrEqual(2);
    for (const span of split) expect(roots.some((root) => root.traceId === span.traceId)).toBe(true);
    for (const root of roots) {
      expect(root.attributes.run_id).toBe(runId);
      expect(root.links[0]).toMatchObject({ traceId, spanId });
    }
    const parsed = split.filter(({ name }) => name === 'parse crawl/detail').map((span) => lineage(span, spans));
    expect(parsed).toContain('ingress > module-processor > downloader > parser');
  });
});

describe('a collector', () => {
  it('that nobody runs costs its spans, a line in the log, and nothing of the run', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const log = createLog({ level: 'warn', format: 'json', runtimeMode: 'single_node', stream });
    const metrics = new Metrics();
    const tracing = await trace('http://127.0.0.1:1', { log, metrics });
    const node = startNode([crawl]);
    const { end } = await run(node, crawl, { base: await startSite() });
    expect(end.finishReason).toBe('completed');
    await node.stop();
    const beganMs = performance.now();
    await tracing.stop();
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    await vi.waitFor(() => expect(metrics.total(METRICS.traceSpansLost)).toBeGreaterThan(10));
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['spans could not be delivered; work goes on']);
  });

  it('that hangs does not hold up the end for long', async () => {
    const { endpoint } = await startOtlpReceiver(() => new Promise(() => {}));
    const tracing = await trace(endpoint);
    const node = startNode([crawl]);
    await run(node, crawl, { base: await startSite() });
    await node.stop();
    const beganMs = performance.now();
    await tracing.stop();
    await tracing.stop();
    expect(performance.now() - beganMs).toBeLessThan(5_000);
  });
});
