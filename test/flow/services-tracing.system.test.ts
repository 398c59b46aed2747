/** The trace of a run over five processes, as a collector receives it from all of them. */
import { expect, it, onTestFinished } from 'vitest';
import { startShopSite } from '../../examples/shop/site/site.ts';
import { runTraceIds } from '../../libs/telemetry/trace-ids.ts';
import { startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, submitRun } from '../fixtures/deployment/runs.ts';
import { startOtlpReceiver } from '../fixtures/otlp/receiver.ts';
import { isNamed, lineage } from './lineage.ts';

/** Half of the first answers are a 500. */
const FAULTS = { rates: { error: 0.5, timeout: 0, malformed: 0, throttled: 0 }, maxPerPath: 1, retryAfterS: 1 };

it('a run over five processes is one trace below its submission, with its retries, whoever executed what', async () => {
  const { endpoint, spans } = await startOtlpReceiver();
  const site = await startShopSite({ products: 8, pageSize: 4, seed: 5, faults: FAULTS });
  onTestFinished(() => site.close());
  const env = { CATENA_OTEL_ENDPOINT: endpoint, CATENA_ROBOTS_ENABLED: 'false' };
  const deployment = await startDeployment({ modules: ['examples/shop/shop.ts'], env });
  onTestFinished(() => deployment.stop());
  const runId = await submitRun(deployment, 'shop', { base: site.url });
  const { end } = await closedRun(deployment, runId);
  expect(end).toMatchObject({ done: 21, dead: 0, items: 8 });
  // What a process has not sent yet it sends when it stops.
  await deployment.stop();

  const { traceId, spanId } = runTraceIds(runId);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(new Set(spans.map(({ attributes }) => attributes.run_id))).toEqual(new Set([runId]));
  expect(spans.filter(({ parentId }) => parentId === '')).toMatchObject([{ name: 'catena.submit', spanId }]);
  const ids = new Set(spans.map((span) => span.spanId));
  expect(spans.filter(({ parentId }) => parentId !== '' && !ids.has(parentId))).toEqual([]);

  for (const stage of ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold']) {
    const makers = spans.filter(isNamed(stage)).map(({ resource }) => resource['service.name']);
    expect(new Set(makers), stage).toEqual(new Set([stage]));
  }
  // Messages and dispatches carry their trace.
  for (const span of spans.filter(isNamed('parser'))) {
    // The dispatch that opens the run goes on with the module's start, and with the hop of the first page.
    expect(lineage(span, spans)).toMatch(/^submit > (.+ > )?ingress > (module-processor > ){1,2}downloader > parser$/);
  }
  const asked = spans.filter(isNamed('ingress')).map((span) => lineage(span, spans));
  expect(asked.filter((each) => each.endsWith('downloader > parser > ingress')).length).toBeGreaterThanOrEqual(9);
  expect(asked).toContain('submit > ingress');

  const parsed = spans.filter(isNamed('parser')).filter(({ attributes }) => attributes.commit === 'COMMIT_OK');
  expect(parsed).toHaveLength(10);
  for (const { attributes } of parsed) {
    expect(attributes).toMatchObject({
      run_id: runId,
      module_id: 'shop@1.0.0',
      step_idx: expect.any(Number),
      epoch: expect.any(Number),
      decision: 'next',
    });
  }
  const failed = spans.filter(({ status }) => status.code === 2);
  expect(failed.length).toBeGreaterThan(0);
  for (const failure of failed) {
    expect(failure).toMatchObject({
      attributes: { 'error.type': 'download.status', decision: 'fail', commit: 'ERROR_EMIT_OK', epoch: 0 },
    });
    const decided = spans.filter(isNamed('error-threshold')).filter(({ parentId }) => parentId === failure.spanId);
    expect(decided).toMatchObject([{ attributes: { decision: 'next' } }]);
    const again = spans
      .filter(isNamed('downloader'))
      .filter(({ attributes }) => attributes.request_id === failure.attributes.request_id);
    expect(again.map(({ attributes }) => attributes.epoch).sort()).toEqual([0, 1]);
  }
});
