import { describe, expect, it } from 'vitest';
import { PHASES } from '../module/phases.ts';
import { deepIntelligenceBodySchema, historyBodySchema } from '../status/bodies.ts';
import { closedRecord, NOW_MS, recordOf } from '../status/status.fixture.ts';
import { openApi } from './diagnosis-api.fixture.ts';

describe('B16 GET /api/deep-intelligence/{task_id}', () => {
  it('tells what a completed diagnosis comes to', async () => {
    const { get, runs } = await openApi();
    runs.closed('r');
    const { status, body } = await get('/api/deep-intelligence/r');
    expect(status).toBe(200);
    expect(deepIntelligenceBodySchema.parse(body)).toEqual(body);
    expect(body.overall_score).toBeGreaterThan(0);
    expect(Object.keys(body.brand_scores)).toEqual(['海澜鞋业', '云步', 'Strider']);
  });

  it('is refused with 400 before the end, and for a run that failed', async () => {
    const { get, runs } = await openApi();
    runs.inPhase('r', PHASES.trace, { created: 1 });
    const early = await get('/api/deep-intelligence/r');
    expect([early.status, early.body.error, early.body.status]).toEqual([400, 'api.not_completed', 'error']);
    expect(early.body.message).toContain('source_tracing');
    runs.records.set('f', closedRecord({ finishReason: 'rejected', detail: 'no' }, { runId: 'f' }));
    const failed = await get('/api/deep-intelligence/f');
    expect([failed.status, failed.body.error]).toEqual([400, 'api.not_completed']);
    expect(failed.body.message).toContain('why it failed');
  });

  it('is 404 for an unknown run', async () => {
    expect((await (await openApi()).get('/api/deep-intelligence/nobody')).status).toBe(404);
  });
});

describe('GET /api/report/{task_id}.html and .csv', () => {
  it('are the files that the command line writes', async () => {
    const { app, runs } = await openApi();
    runs.closed('r');
    const page = await app.inject('/api/report/r.html');
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.body).toContain('<h1><bdi>海澜鞋业</bdi></h1>');
    const csv = await app.inject('/api/report/r.csv');
    expect([csv.statusCode, csv.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(csv.body.trimEnd().split('\r\n')).toHaveLength(1 + 2 * 3);
  });

  it('of a preliminary report are those of that, and its page waits for the one that replaces it (B22)', async () => {
    const { app, get, runs } = await openApi();
    runs.preliminary('r');
    const page = await app.inject('/api/report/r.html');
    expect(page.body).toContain('初步报告');
    expect(page.body).toContain('<meta http-equiv="refresh" content="1;url=?revision=1&amp;wait=25">');
    expect((await get('/api/deep-intelligence/r')).body).toMatchObject({ final: false, revision: 1, partial: true });
    const csv = await app.inject('/api/report/r.csv');
    expect(csv.body.trimEnd().split('\r\n')).toHaveLength(1 + 2 * 3);
    const { snapshot } = runs.asked;
    const next = app.inject('/api/report/r.html?revision=1&wait=25');
    await expect.poll(() => runs.asked.snapshot, { interval: 1 }).toBeGreaterThan(snapshot + 2);
    runs.closed('r');
    const last = await next;
    expect(last.body).not.toContain('http-equiv="refresh"');
    expect(last.body).not.toContain('初步报告');
  });

  it('are refused before the end, for other endings and for unknown runs', async () => {
    const { get, runs } = await openApi();
    runs.inPhase('r', PHASES.trace, { created: 1 });
    expect((await get('/api/report/r.html')).body.error).toBe('api.not_completed');
    expect((await get('/api/report/r.pdf')).status).toBe(400);
    expect((await get('/api/report/nobody.csv')).status).toBe(404);
  });
});

describe('B18 GET /api/test-history', () => {
  it('lists the diagnoses of a user, the newest first, page by page', async () => {
    const { get, runs } = await openApi();
    for (const n of [1, 2, 3]) runs.closed(`r${n}`, null, { user: 'u', acceptedAtMs: NOW_MS + n });
    runs.closed('other', null, { user: 'v' });
    runs.records.set('open', recordOf({ runId: 'open', user: 'u', state: 'accepted' }));
    runs.records.set('shop', recordOf({ runId: 'shop', user: 'u', modules: ['shop@1.0.0'] }));
    const { body } = await get('/api/test-history?userOpenid=u');
    expect(historyBodySchema.parse(body)).toEqual(body);
    expect(body.history.map(({ execution_id: id, status }: Record<string, string>) => [id, status])).toEqual([
      ['open', 'initializing'],
      ['r3', 'failed'],
      ['r2', 'failed'],
      ['r1', 'failed'],
    ]);
    expect(body).toMatchObject({ status: 'success', count: 4 });
    expect(body.history[3]).toEqual({
      execution_id: 'r1',
      brand_name: '海澜鞋业',
      created_at: new Date(NOW_MS + 1).toISOString(),
      status: 'failed',
      progress: 0,
      partial: true,
      final: true,
    });
    const page = (await get('/api/test-history?userOpenid=u&limit=1&offset=3')).body;
    expect(page.history.map((entry: Record<string, string>) => entry.execution_id)).toEqual(['r2']);
    expect((await get('/api/test-history?userOpenid=nobody')).body).toEqual({
      status: 'success',
      history: [],
      count: 0,
    });
  });

  it('says of a run that goes on after its first report that it is completed and not final (B22)', async () => {
    const { get, runs } = await openApi();
    runs.preliminary('r');
    runs.records.set('r', recordOf({ runId: 'r', user: 'u' }));
    const { body } = await get('/api/test-history?userOpenid=u');
    expect(body.history).toMatchObject([{ status: 'completed', progress: 100, partial: true, final: false }]);
  });

  it.each([
    '',
    'userOpenid=',
    'userOpenid=a%00',
    'userOpenid=a&userOpenid=b',
    'userOpenid=u&limit=0',
    'userOpenid=u&limit=101',
    'userOpenid=u&offset=-1',
    'userOpenid=u&limit=1.5',
  ])('refuses ?%s with 400', async (query) => {
    const { status, body } = await (await openApi()).get(`/api/test-history?${query}`);
    expect([status, body.status]).toEqual([400, 'error']);
  });
});
