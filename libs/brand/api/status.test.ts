import { describe, expect, it } from 'vitest';
import { PHASES } from '../module/phases.ts';
import { statusBodySchema, testProgressBodySchema } from '../status/bodies.ts';
import { closedRecord, recordOf } from '../status/status.fixture.ts';
import { openApi } from './diagnosis-api.fixture.ts';

const { ask: ASK, rank: RANK, trace: TRACE } = PHASES;

describe('B14, B15 GET /test/status/{task_id}', () => {
  it('follows a run through its stages, with the results so far', async () => {
    const { get, runs } = await openApi();
    runs.records.set('r', recordOf({ runId: 'r', state: 'accepted' }));
    const seen = [];
    for (const move of [
      () => {},
      () => runs.inPhase('r', ASK, { created: 5, done: 3 }, 1),
      () => runs.inPhase('r', RANK, { created: 1 }, 2),
      () => runs.inPhase('r', TRACE, { created: 1 }, 2),
      () => runs.closed('r'),
    ]) {
      move();
      const { status, body } = await get('/test/status/r');
      expect(status).toBe(200);
      expect(statusBodySchema.parse(body)).toEqual(body);
      seen.push([body.stage, body.status, body.is_completed, body.results.length, body.detailed_results.length]);
    }
    expect(seen).toEqual([
      ['init', 'initializing', false, 0, 0],
      ['ai_fetching', 'processing', false, 1, 1],
      ['ranking_analysis', 'processing', false, 2, 2],
      ['source_tracing', 'processing', false, 2, 2],
      ['completed', 'completed', true, 2, 2],
    ]);
  });

  it('has the results that are asked for, and says how many there are', async () => {
    const { get, runs } = await openApi();
    runs.closed('r');
    const { body: all } = await get('/test/status/r');
    const { body: second } = await get('/test/status/r?offset=1&limit=1');
    expect([second.results_count, second.results]).toEqual([2, all.results.slice(1)]);
    expect(second.detailed_results).toEqual(all.detailed_results.slice(1));
    const { body: none } = await get('/test/status/r?limit=0');
    expect(none).toEqual({ ...all, results: [], detailed_results: [] });
    expect((await get('/test/status/r?limit=1001')).status).toBe(400);
  });

  it('of a run whose calls all failed is failed, with the reason (B9, X6)', async () => {
    const { get, runs } = await openApi();
    runs.closed('r', null);
    const { body } = await get('/test/status/r');
    expect(body).toMatchObject({ stage: 'failed', status: 'failed', progress: 0, is_completed: true });
    expect(body.error).toBeTruthy();
  });

  it('takes a slash at its end, as front ends send it', async () => {
    const { get, runs } = await openApi();
    runs.closed('r');
    expect((await get('/test/status/r/')).status).toBe(200);
    expect((await get('//test/status/r')).status).toBe(200);
  });

  it('answers in full when the chain has forgotten the run (B10)', async () => {
    const { get, runs } = await openApi();
    runs.closed('r');
    const { body } = await get('/test/status/r');
    expect(runs.asked.snapshot).toBe(0);
    expect(body.detailed_results[0].response).toContain('海澜鞋业');
  });

  it('is 404 for a run that is unknown, or no diagnosis', async () => {
    const { get, runs } = await openApi();
    runs.records.set('shop', closedRecord({}, { runId: 'shop', modules: ['shop@1.0.0'] }));
    for (const runId of ['nobody', 'shop', '..%2F..%2Fetc']) {
      const { status, body } = await get(`/test/status/${runId}`);
      expect([status, body.error, body.status], runId).toEqual([404, 'api.unknown_run', 'error']);
    }
  });

  it.each(['%00', 'a%20b', '%E6%B5%B7', 'x'.repeat(101), '%zz', '%'])(
    'is 400 or 404 for the odd id %s',
    async (runId) => {
      const { get } = await openApi();
      const { status, body } = await get(`/test/status/${runId}`);
      expect([400, 404]).toContain(status);
      expect(body).toEqual({ error: expect.stringMatching(/^api\./), message: expect.any(String), status: 'error' });
    },
  );

  it.each(['wait=-1', 'wait=often', 'wait=3600', 'stage=sleeping'])('refuses ?%s with 400', async (query) => {
    const { get, runs } = await openApi();
    runs.closed('r');
    expect((await get(`/test/status/r?${query}`)).status).toBe(400);
  });

  it('checks what it answers, and sends it repaired (B44, B45)', async () => {
    const { get, runs, consistency } = await openApi();
    runs.closed('r');
    await get('/test/status/r');
    await get('/test/status/nobody');
    expect(consistency.report()).toMatchObject({ checks: 1, issues: 0 });
    const mended = await openApi({
      consistency: { check: (body) => ({ ...consistency.check(body), body: { ...body, progress: 7 } }) },
    });
    mended.runs.closed('r');
    expect((await mended.get('/test/status/r')).body.progress).toBe(7);
  });
});

describe('waiting for another stage (B10)', () => {
  it('answers when the stage changes', async () => {
    const { get, runs } = await openApi();
    runs.inPhase('r', ASK, { created: 5, done: 3 });
    const waiting = get('/test/status/r?wait=25');
    await get('/test/status/r');
    runs.inPhase('r', ASK, { created: 5, done: 4 });
    await lookedAt(runs, 4);
    runs.inPhase('r', RANK, { created: 1 }, 2);
    const { body } = await waiting;
    expect([body.stage, body.results.length]).toEqual(['ranking_analysis', 2]);
  });

  it('answers at once when the stage is another than the caller knows, or final', async () => {
    const { get, runs } = await openApi({ pollIntervalMs: 60_000 });
    runs.inPhase('r', RANK, { created: 1 });
    expect((await get('/test/status/r?wait=25&stage=ai_fetching')).body.stage).toBe('ranking_analysis');
    runs.closed('r');
    expect((await get('/test/status/r?wait=25')).body.stage).toBe('completed');
    expect((await get('/test/status/r?wait=25&stage=completed')).body.stage).toBe('completed');
  });

  it('answers with what there is when the wait ends', async () => {
    const { get, runs } = await openApi();
    runs.inPhase('r', ASK, { created: 5, done: 3 }, 1);
    const { status, body } = await get('/test/status/r?wait=0.1');
    expect([status, body.stage, body.results.length]).toEqual([200, 'ai_fetching', 1]);
  });

  it('answers at once when the server is to stop', async () => {
    const { get, runs, stop } = await openApi({ pollIntervalMs: 60_000 });
    runs.inPhase('r', ASK, { created: 5, done: 3 });
    const waiting = get('/test/status/r?wait=60');
    await lookedAt(runs, 1);
    stop();
    const { status, body } = await waiting;
    expect([status, body.stage]).toEqual([200, 'ai_fetching']);
  });

  it('is one look per interval for fifty who wait, and one reading of the results', async () => {
    const { get, runs } = await openApi({ pollIntervalMs: 20 });
    runs.inPhase('r', ASK, { created: 5, done: 3 });
    const waiting = Array.from({ length: 50 }, () => get('/test/status/r?wait=25'));
    await lookedAt(runs, 4);
    const { snapshot } = runs.asked;
    runs.inPhase('r', TRACE, { created: 1 }, 2);
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map(({ body }) => body.stage))).toEqual(new Set(['source_tracing']));
    expect(runs.asked.snapshot - snapshot).toBeLessThanOrEqual(2);
    expect(runs.asked.readItems).toBeLessThanOrEqual(6);
  });

  it('ends when the store fails, for all who wait', async () => {
    const { get, runs } = await openApi();
    runs.inPhase('r', ASK, { created: 5, done: 3 });
    const waiting = [get('/test/status/r?wait=25'), get('/test/status/r?wait=25')];
    await lookedAt(runs, 2);
    runs.records.delete('r');
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([404, 404]);
  });
});

describe('a preliminary report (B22)', () => {
  it('completes a run that goes on, and says that it is not final', async () => {
    const { get, runs, consistency } = await openApi();
    runs.preliminary('r');
    const { body } = await get('/test/status/r');
    expect(statusBodySchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      ...{ stage: 'completed', status: 'completed', progress: 100, is_completed: true },
      ...{
        final: false,
        revision: 1,
        partial: true,
        coverage: { calls: 2, whole: 1, partial: 0, failed: 0, pending: 1 },
      },
    });
    expect(body.results).toHaveLength(1);
    const progress = (await get('/api/test-progress?executionId=r')).body;
    expect(progress).toMatchObject({
      ...{ stage: 'completed', final: false, is_synced: true },
      sync_check: { status: 'pending', completion_verified: false, results_count: 1, expected_count: 2 },
    });
    expect(consistency.report().issues).toBe(0);
  });

  it('is never taken back: not while a later phase is open, nor when the chain has lost the run', async () => {
    const { get, runs } = await openApi();
    runs.preliminary('r');
    const { snapshots, items } = runs;
    const rows = items.get('r')!;
    runs.inPhase('r', TRACE, { created: 1 });
    items.set('r', rows);
    expect((await get('/test/status/r')).body).toMatchObject({ stage: 'completed', revision: 1, final: false });
    snapshots.delete('r');
    expect((await get('/test/status/r')).body).toMatchObject({ stage: 'completed', revision: 1, final: false });
  });

  it('of a run that ended before its last one is all that will come, and is not verified', async () => {
    const { get, runs } = await openApi({ pollIntervalMs: 60_000 });
    runs.preliminary('r');
    runs.records.set('r', closedRecord({ finishReason: 'cancelled' }, { runId: 'r', taskId: 'r' }));
    const { body } = await get('/test/status/r?wait=25&revision=1');
    expect(body).toMatchObject({ stage: 'completed', revision: 1, final: true, partial: true });
    const { sync_check } = (await get('/api/test-progress?executionId=r')).body;
    expect(sync_check.completion_verified).toBe(false);
  });

  it('is replaced for a client that waits with its revision, and a new client waits for the first', async () => {
    const { get, runs } = await openApi();
    runs.inPhase('r', ASK, { created: 5, done: 3 });
    const first = get('/test/status/r?wait=25&revision=0');
    await lookedAt(runs, 2);
    runs.inPhase('r', RANK, { created: 1 });
    await lookedAt(runs, 4);
    runs.preliminary('r');
    expect((await first).body).toMatchObject({ stage: 'completed', revision: 1, final: false });
    const last = get('/test/status/r?wait=25&revision=1');
    await lookedAt(runs, 8);
    runs.closed('r');
    expect((await last).body).toMatchObject({ stage: 'completed', revision: 2, final: true });
  });

  it('ends the wait of a client that knows only stages', async () => {
    const { get, runs } = await openApi({ pollIntervalMs: 60_000 });
    runs.preliminary('r');
    expect((await get('/test/status/r?wait=25&stage=ai_fetching')).body.stage).toBe('completed');
    expect((await get('/test/status/r?wait=25')).body.stage).toBe('completed');
  });

  it.each(['revision=-1', 'revision=1.5', 'revision=new'])('is not waited for with ?%s', async (query) => {
    const { get, runs } = await openApi();
    runs.closed('r');
    expect((await get(`/test/status/r?wait=1&${query}`)).status).toBe(400);
  });
});

describe('B17 GET /api/test-progress', () => {
  it('tells whether the results agree with the stage', async () => {
    const { get, runs, consistency } = await openApi();
    runs.inPhase('r', ASK, { created: 5, done: 3 }, 1);
    const { body } = await get('/api/test-progress?executionId=r');
    expect(testProgressBodySchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      execution_id: 'r',
      stage: 'ai_fetching',
      sync_check: { results_count: 1, expected_count: 2 },
    });
    runs.closed('r');
    const ended = (await get('/api/test-progress?executionId=r')).body;
    expect(ended).toMatchObject({ is_synced: true, sync_check: { completion_verified: true, results_count: 2 } });
    expect(consistency.report().checks).toBe(2);
  });

  it('needs to know which run', async () => {
    const { get } = await openApi();
    expect((await get('/api/test-progress')).status).toBe(400);
    expect((await get('/api/test-progress?executionId=')).status).toBe(400);
    expect((await get('/api/test-progress?executionId=nobody')).status).toBe(404);
  });
});

/** Resolves when runs have been looked at so often. */
async function lookedAt(runs: { readonly asked: { readonly snapshot: number } }, times: number): Promise<void> {
  await expect.poll(() => runs.asked.snapshot, { interval: 1, timeout: 10_000 }).toBeGreaterThanOrEqual(times);
}
