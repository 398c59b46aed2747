/** What the status API says of real diagnoses, looked at from their submission to long after their end, and who is told. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkConsistency } from '../../libs/brand/consistency/check-consistency.ts';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import { toRunReport } from '../../libs/brand/report/run-report.ts';
import { deepIntelligenceBodySchema, type StatusBody, statusBodySchema } from '../../libs/brand/status/bodies.ts';
import { deepIntelligence } from '../../libs/brand/status/deep-intelligence.ts';
import { readDiagnosisItems } from '../../libs/brand/status/diagnosis-items.ts';
import { diagnosisStatus } from '../../libs/brand/status/diagnosis-status.ts';
import { STAGES } from '../../libs/brand/status/stages.ts';
import { statusBody, testProgress } from '../../libs/brand/status/status-body.ts';
import { startAlertReceiver } from '../fixtures/alert-receiver.ts';
import { startNode } from '../fixtures/flow.ts';
import { registryOf } from './models.ts';
import { startPages } from './pages.ts';
import type { Behaviour, ProviderCall } from './provider.ts';
import { KEY, provider } from './scene.ts';

async function scene(behave: (call: ProviderCall) => Behaviour) {
  const [{ baseUrl }, pages, receiver] = await Promise.all([
    provider(behave),
    startPages('云步'),
    startAlertReceiver(),
  ]);
  onTestFinished(() => pages.stop());
  const registry = registryOf(baseUrl, ['qwen', 'zhipu']);
  const module = defineDiagnosis({ registry: () => registry, pageUrl: pages.pageUrl });
  const node = startNode([module], {
    'alerts.webhook': receiver.url,
    'http.allowed_untrusted_targets': '127.0.0.1',
  });
  await node.store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
  const submit = async (questions: readonly string[]) => {
    const input = { brand: '海澜鞋业', rivals: ['云步'], questions, models: ['qwen', 'zhipu'], attempts: 1 };
    return (await node.submit({ modules: [module.id], input, account: 'acme', platform: 'web' })).runId;
  };
  const look = async (runId: string) => {
    const record = (await node.store.findRun(runId))!;
    const snapshot = await node.coordinator.findRun(runId);
    const items = readDiagnosisItems(await node.store.readItems({ runId, afterSeq: 0, limit: 10_000 }));
    return { record, items, status: diagnosisStatus({ record, snapshot, items }) };
  };
  return { node, submit, look, alerts: receiver.received };
}

const QUESTIONS = Array.from({ length: 8 }, (_, index) => `推荐第${index}类跑鞋`);

describe('a diagnosis that somebody looks at all the time', () => {
  it('goes forward stage by stage and is completed with all its results (B3, B6, B14, B17, B44)', async () => {
    const { node, submit, look, alerts } = await scene(() => 'whole');
    const runId = await submit(QUESTIONS);
    const seen: StatusBody[] = [];
    do {
      // SQLite answers at once: without this nothing else would ever have its turn.
      await setImmediate();
      seen.push(statusBody(await look(runId)));
    } while (!seen.at(-1)!.is_completed);
    seen.forEach((body, index) => {
      const before = seen[index - 1] ?? body;
      expect(statusBodySchema.strict().parse(body)).toEqual(body);
      expect(checkConsistency(body).issues).toEqual([]);
      expect(STAGES.indexOf(body.stage)).toBeGreaterThanOrEqual(STAGES.indexOf(before.stage));
      expect(body.progress).toBeGreaterThanOrEqual(before.progress);
      expect(body.results.length).toBeGreaterThanOrEqual(before.results.length);
    });
    // Looked at so often that the steps in between are seen.
    expect(new Set(seen.map(({ progress }) => progress)).size).toBeGreaterThan(5);
    expect(seen.at(-1)?.stage).toBe('completed');
    const facts = await look(runId);
    expect(testProgress(facts)).toMatchObject({
      is_synced: true,
      sync_check: { results_count: 16, expected_count: 16, completion_verified: true },
    });
    const deep = deepIntelligence({
      record: facts.record,
      report: toRunReport(facts.record, await node.store.readItems({ runId, afterSeq: 0, limit: 1_000 })).report,
    });
    expect(deepIntelligenceBodySchema.strict().safeParse(deep).success).toBe(true);
    expect(deep.recommendations.map(({ rule }) => rule)).toContain('not_visible');
    expect(alerts).toEqual([]);
  });
});

describe('a diagnosis whose calls all fail', () => {
  it('is failed and says why; its breakers and its end are told (X6, X1, B9, B27, B33)', async () => {
    const { node, submit, look, alerts } = await scene(() => 'server_error');
    const runId = await submit(QUESTIONS);
    await node.closed(runId);
    const facts = await look(runId);
    const body = statusBody(facts);
    expect(body).toMatchObject({ stage: 'failed', status: 'failed', progress: 0, failed_stage: 'ai_fetching' });
    expect(body.error).toMatch(/^none of 16 calls was answered \(/);
    expect(checkConsistency(body).issues).toEqual([]);
    await vi.waitFor(() => expect(alerts.map(({ kind }) => kind).sort()).toEqual(['breaker', 'breaker', 'run']));
    const [run] = alerts.filter(({ kind }) => kind === 'run');
    expect(run).toMatchObject({ key: `run:${runId}`, grade: 'warning' });
    expect(run?.summary).toContain('none of 16 calls was answered');
    expect(JSON.stringify(alerts)).not.toContain(KEY);
  });
});
