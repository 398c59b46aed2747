import { describe, expect, it } from 'vitest';
import { planCalls } from '../module/plan.ts';
import { historyBodySchema, statusBodySchema, testProgressBodySchema } from './bodies.ts';
import { type DiagnosisItems, isDiagnosis, NO_ITEMS, plannedCount, readDiagnosisItems } from './diagnosis-items.ts';
import { diagnosisStatus } from './diagnosis-status.ts';
import {
  callsOf,
  closedRecord,
  inputWith,
  MODULE_ID,
  recordOf,
  snapshotIn,
  stored,
  wholeItems,
} from './status.fixture.ts';
import { historyBody, historyEntry, statusBody, testProgress } from './status-body.ts';

const input = inputWith();
const calls = callsOf(input, (_question, model) => (model === 'qwen' ? '推荐云步。' : { fails: 'timeout' }));
const completed = wholeItems(input, calls);
const failed = wholeItems(
  input,
  callsOf(input, () => ({ fails: 'quota' })),
);
const underWay = { ...NO_ITEMS, calls: calls.slice(0, 1) };

function facts(record = closedRecord(), items: DiagnosisItems = completed) {
  const snapshot = record.state === 'closed' ? undefined : snapshotIn(0, { created: 5, done: 3 });
  return { record, items, status: diagnosisStatus({ record, snapshot, items }) };
}

describe('the status body', () => {
  it('has every field, as the schema says (B14, B15)', () => {
    for (const each of [
      facts(),
      facts(recordOf(), underWay),
      facts(closedRecord(), failed),
      facts(recordOf(), NO_ITEMS),
    ]) {
      const body = statusBody(each);
      expect(statusBodySchema.strict().parse(body)).toEqual(body);
    }
    expect(Object.keys(statusBody(facts())).sort()).toEqual(
      expect.arrayContaining(
        ['task_id', 'progress', 'stage', 'status', 'is_completed', 'created_at', 'results', 'detailed_results'].sort(),
      ),
    );
    expect(statusBody(facts())).toMatchObject({ task_id: 'run-1', created_at: '2026-01-02T03:04:05.000Z' });
  });

  it('says of a failed run that it has ended, and never that it is completed (X1, B5)', () => {
    const body = statusBody(facts(closedRecord(), failed));
    expect(body).toMatchObject({ stage: 'failed', status: 'failed', is_completed: true, progress: 0 });
    expect(body).toMatchObject({ failed_stage: 'ai_fetching', last_progress: 59 });
    expect(body.error).toContain('quota 2');
  });

  it('has the results as far as calls have ended, while the run goes on (B14, B34)', () => {
    const body = statusBody(facts(recordOf(), underWay));
    expect(body).toMatchObject({ stage: 'ai_fetching', is_completed: false });
    expect(body.results).toHaveLength(1);
    expect(body.detailed_results).toHaveLength(1);
  });

  it('gives each call in short and with its answer, with −1 for a brand that is not mentioned (B24, B29, B30)', () => {
    const { results, detailed_results } = statusBody(facts());
    expect(results[0]).toMatchObject({
      brand: '海澜鞋业',
      model: 'qwen',
      status: 'success',
      partial: false,
      data: { brand_mentioned: false, rank: -1, interception: true },
      error: null,
      elapsed: 900,
    });
    expect(results[1]).toMatchObject({
      status: 'failed',
      data: null,
      error: { error_type: 'timeout', recoverable: true },
    });
    expect(detailed_results[0]).toMatchObject({
      question: '推荐几款跑鞋',
      response: '推荐云步。',
      geo_data: { rank: -1, cited_sources: [] },
    });
    // What is stored says null: −1 is the legacy API's word alone.
    expect(calls[0]?.geo_data?.rank).toBeNull();
  });

  it('keeps the rank of a brand that is mentioned', () => {
    const named = callsOf(input, () => '1. 云步\n2. 海澜鞋业');
    expect(statusBody(facts(closedRecord(), wholeItems(input, named))).results[0]?.data).toMatchObject({ rank: 2 });
  });
});

describe('an answer that was cut off', () => {
  const cut = callsOf(input, (_question, model) =>
    model === 'qwen' ? { cut: '1. 云步：好。\n2. Strider' } : '1. 云步\n2. 海澜鞋业',
  );
  const items = wholeItems(input, cut);

  it('says of a brand that it had not named that nothing is known of it', () => {
    const { results, detailed_results, ...body } = statusBody(facts(closedRecord(), items));
    expect(results[0]).toMatchObject({
      partial: true,
      data: { brand_mentioned: null, rank: null, sentiment: null, interception: null },
    });
    expect(detailed_results[0]?.geo_data).toMatchObject({ brand_mentioned: null });
    expect(body).toMatchObject({
      ...{ partial: true, final: true, revision: 1 },
      coverage: { calls: 2, whole: 1, partial: 1, failed: 0 },
      plan: { calls: 2, expected_ms: 8_000, available_ms: 17_000, fits: true },
    });
  });

  it('keeps a run from being verified as complete (R2)', () => {
    const { sync_check, partial, coverage } = testProgress(facts(closedRecord(), items));
    expect(sync_check).toMatchObject({ status: 'synced', completion_verified: false });
    expect({ partial, coverage }).toMatchObject({ partial: true, coverage: { partial: 1 } });
  });

  it('is counted while the run goes on, before its first report', () => {
    const soFar = statusBody(facts(recordOf(), { ...NO_ITEMS, calls: cut.slice(0, 1) }));
    expect(soFar).toMatchObject({ revision: 0, final: false, coverage: { calls: 2, whole: 0, partial: 1, failed: 0 } });
  });
});

describe('test progress (B17)', () => {
  it('of a completed run is synced when every call has its result', () => {
    const body = testProgress(facts());
    expect(testProgressBodySchema.strict().parse(body)).toEqual(body);
    expect(body).toMatchObject({
      is_synced: true,
      sync_check: { status: 'synced', results_count: 2, expected_count: 2, completion_verified: true },
    });
  });

  it('of a completed run is not when results are missing', () => {
    const body = testProgress(facts(closedRecord(), { ...completed, calls: calls.slice(0, 1) }));
    expect(body).toMatchObject({
      stage: 'completed',
      is_synced: false,
      sync_check: { status: 'mismatch', results_count: 1, expected_count: 2, completion_verified: false },
    });
  });

  it('of a run under way is pending, and never verified', () => {
    expect(testProgress(facts(recordOf(), underWay))).toMatchObject({
      is_synced: true,
      sync_check: { status: 'pending', results_count: 1, expected_count: 2, completion_verified: false },
    });
  });

  it('of a failed run is synced with what there is, and never verified', () => {
    for (const items of [NO_ITEMS, underWay, failed]) {
      expect(testProgress(facts(closedRecord({ finishReason: 'cancelled' }), items))).toMatchObject({
        stage: 'failed',
        is_synced: true,
        sync_check: { status: 'synced', completion_verified: false },
      });
    }
  });

  it('finds more results than calls, whatever the stage', () => {
    const items = { ...completed, calls: [...calls, ...calls] };
    for (const record of [closedRecord(), recordOf()]) {
      expect(testProgress(facts(record, items))).toMatchObject({
        is_synced: false,
        sync_check: { status: 'mismatch' },
      });
    }
  });
});

describe('the history (B18)', () => {
  it('has a line per run, in the given order', () => {
    const brand = { name: '云步', aliases: ['CloudStep'] };
    const other = recordOf({ runId: 'run-2', input: { ...input, brand } });
    const lines = [facts(), facts(other, NO_ITEMS)].map(({ record, status }) => historyEntry(record, status));
    const body = historyBody(lines);
    expect(historyBodySchema.strict().parse(body)).toEqual(body);
    expect(body).toEqual({
      status: 'success',
      history: [
        {
          execution_id: 'run-1',
          brand_name: '海澜鞋业',
          created_at: '2026-01-02T03:04:05.000Z',
          status: 'completed',
          progress: 100,
          partial: true,
          final: true,
        },
        {
          execution_id: 'run-2',
          brand_name: '云步',
          created_at: '2026-01-02T03:04:05.000Z',
          status: 'processing',
          progress: 47,
          partial: null,
          final: false,
        },
      ],
      count: 2,
    });
  });

  it('names no brand of a task that nobody understands', () => {
    const record = closedRecord({ finishReason: 'rejected' }, { input: null });
    expect(historyEntry(record, diagnosisStatus({ record }))).toMatchObject({ brand_name: '', status: 'failed' });
  });
});

describe('what is stored', () => {
  it('is sorted by type, and what is not of the diagnosis is left out', () => {
    const report = completed.report;
    const items = readDiagnosisItems([
      stored('call', calls[0]),
      stored('mention', {}),
      stored('figures', {}),
      stored('report', report),
      stored('report', { success: false }, 'other@1.0.0'),
      stored('call', calls[1]),
    ]);
    expect(items).toEqual({ calls, hasFigures: true, report, hadEarlier: false });
    expect(readDiagnosisItems([])).toEqual(NO_ITEMS);
  });

  it('belongs to a diagnosis by the name of its module, whatever its version', () => {
    expect(isDiagnosis({ modules: ['shop@1.0.0', 'brand-diagnosis@2.1.0'] })).toBe(true);
    expect(isDiagnosis({ modules: ['shop@1.0.0', 'brand-diagnosis-of-others@1.0.0'] })).toBe(false);
    expect(MODULE_ID.startsWith('brand-diagnosis@')).toBe(true);
  });

  it('is as many calls as the plan has', () => {
    const wide = inputWith({ questions: ['a', 'b', 'a'], models: ['m', 'n', 'm'], repeats: 3 });
    expect(plannedCount(wide)).toBe(planCalls(wide).length);
    expect(plannedCount(undefined)).toBe(0);
  });
});
