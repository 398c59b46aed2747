/** The HTTP API over real sockets, from a submission to what it comes to, in one process. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deepIntelligenceBodySchema, historyBodySchema, statusBodySchema } from '../../libs/brand/status/bodies.ts';
import { mayFollow, type Stage } from '../../libs/brand/status/stages.ts';
import { provider } from '../brand-flow/scene.ts';
import { follow, get, KEY, outputOf, post, SUBMISSION, serveHere } from './serving.ts';

const POLL = join(import.meta.dirname, '../../examples/http-api/poll.mjs');

describe('a diagnosis over HTTP', () => {
  it('goes from its submission to its deep intelligence (B11–B18)', async () => {
    const { baseUrl, calls } = await provider(() => 'whole');
    const { apiUrl } = await serveHere(baseUrl);
    expect((await get(`${apiUrl}/health`)).body).toEqual({ status: 'ok' });
    const submitted = await post(apiUrl, SUBMISSION);
    expect([submitted.status, submitted.body.status]).toEqual([200, 'success']);
    const runId = submitted.body.execution_id as string;

    const { stages, last } = await follow(apiUrl, runId);
    expect(stages.at(-1)).toBe('completed');
    for (const [at, stage] of stages.entries()) {
      if (at > 0) expect(canCome(stages[at - 1] as Stage, stage as Stage), stages.join()).toBe(true);
    }
    expect(statusBodySchema.parse(last.body)).toEqual(last.body);
    expect(last.body).toMatchObject({ task_id: runId, status: 'completed', progress: 100, is_completed: true });
    expect(last.body.results).toHaveLength(4);
    expect(last.body.detailed_results[0].response).toContain('云步');
    expect(calls).toHaveLength(4);

    const deep = await get(`${apiUrl}/api/deep-intelligence/${runId}/`);
    expect(deepIntelligenceBodySchema.parse(deep.body)).toEqual(deep.body);
    const progress = await get(`${apiUrl}/api/test-progress?executionId=${runId}`);
    expect(progress.body).toMatchObject({ is_synced: true, sync_check: { completion_verified: true } });
    const history = await get(`${apiUrl}/api/test-history?userOpenid=${SUBMISSION.userOpenid}`);
    expect(historyBodySchema.parse(history.body).history.map(({ execution_id: id }) => id)).toEqual([runId]);
    expect(JSON.stringify([last, deep, progress, history])).not.toContain(KEY);
  });

  it('that no model answers has failed, and says why (B9, X6)', async () => {
    const { baseUrl } = await provider(() => 'refuses_key');
    const { apiUrl } = await serveHere(baseUrl);
    const { body } = await post(apiUrl, SUBMISSION);
    const { last } = await follow(apiUrl, body.execution_id);
    expect(last.body).toMatchObject({ stage: 'failed', status: 'failed', progress: 0, is_completed: true });
    expect(last.body.error).toBeTruthy();
    expect((await get(`${apiUrl}/api/deep-intelligence/${body.execution_id}`)).status).toBe(400);
    expect(JSON.stringify(last)).not.toContain(KEY);
  });

  it('ends by its deadline with what has been answered by then (B22)', async () => {
    const { baseUrl } = await provider(({ model }) => (model === 'zhipu-test' ? 'hang' : 'whole'));
    const { apiUrl } = await serveHere(baseUrl);
    const startMs = performance.now();
    const { body } = await post(apiUrl, { ...SUBMISSION, deadlineSeconds: 5 });
    const { last } = await follow(apiUrl, body.execution_id);
    expect(performance.now() - startMs).toBeLessThan(15_000);
    expect(last.body.stage).toBe('completed');
    const outcomes = last.body.results.map(({ model, status }: Record<string, string>) => `${model} ${status}`).sort();
    expect(outcomes).toEqual(['qwen success', 'qwen success', 'zhipu failed', 'zhipu failed']);
  });
});

describe('a server that is to stop', () => {
  it('answers at once who waits for a stage, then closes', async () => {
    const { baseUrl } = await provider(() => 'hang');
    const server = await serveHere(baseUrl);
    const { body } = await post(server.apiUrl, SUBMISSION);
    const runId = body.execution_id as string;
    await expect.poll(async () => (await get(`${server.apiUrl}/test/status/${runId}`)).body.stage).toBe('ai_fetching');
    const waiting = Array.from({ length: 20 }, () =>
      get(`${server.apiUrl}/test/status/${runId}?wait=60&stage=ai_fetching`),
    );
    // They have connections of their own to open; after some round trips on others they have arrived.
    for (let times = 0; times < 3; times++) await get(`${server.apiUrl}/health`);
    const startMs = performance.now();
    const stopped = server.stop();
    const answers = await Promise.all(waiting);
    expect(performance.now() - startMs).toBeLessThan(20_000);
    expect(new Set(answers.map(({ status, body: { stage } }) => `${status} ${stage}`))).toEqual(
      new Set(['200 ai_fetching']),
    );
    await stopped;
    await expect(fetch(`${server.apiUrl}/health`)).rejects.toThrow();
  });
});

describe('B19 the example in JavaScript', () => {
  it('begins a diagnosis, follows it and prints what it came to', async () => {
    const { baseUrl } = await provider(() => 'whole');
    const { apiUrl } = await serveHere(baseUrl);
    const args = [POLL, apiUrl, '海澜鞋业,云步', 'qwen,zhipu', '推荐几款跑鞋？哪些耐磨？'];
    const { stdout, stderr, code } = await outputOf(process.execPath, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('completed 100 % (4 answers)') });
    expect(deepIntelligenceBodySchema.parse(JSON.parse(stdout)).brand_scores).toHaveProperty('海澜鞋业');
  });

  it('shows what it is refused for', async () => {
    const { baseUrl } = await provider(() => 'whole');
    const { apiUrl } = await serveHere(baseUrl);
    const { stderr, code } = await outputOf(process.execPath, [POLL, apiUrl, 'A', 'gpt-9', 'why?']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('the known ones are qwen, zhipu')]);
  });
});

/** Whether a stage may be seen after another by who looks now and then. */
function canCome(from: Stage, to: Stage): boolean {
  const stages: readonly Stage[] = ['init', 'ai_fetching', 'ranking_analysis', 'source_tracing', 'completed'];
  const way = stages.slice(stages.indexOf(from), stages.indexOf(to) + 1);
  return way.length > 1 && way.slice(1).every((stage, at) => mayFollow(way[at]!, stage));
}
