/** What a diagnosis makes of providers that fail. */
import { describe, expect, it } from 'vitest';
import { registryOf } from './models.ts';
import { type Behaviour, startProvider } from './provider.ts';
import { diagnose, provider } from './scene.ts';

describe('a failing call', () => {
  it.each<[Behaviour, string]>([
    ['throttled', 'rate_limit'],
    ['server_error', 'server'],
    ['malformed', 'parse'],
    ['disconnect', 'network'],
  ])('that is %s is asked again, and then a row with its error (B24, B28)', async (behaviour, type) => {
    const { baseUrl, calls } = await provider(() => behaviour);
    const run = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(calls).toHaveLength(2);
    expect(run.calls).toMatchObject([
      { status: 'failed', response: null, error: { error_type: type, recoverable: true } },
    ]);
    expect(run.deadLetters).toEqual([]);
  });

  it('is answered by the second attempt where that succeeds', async () => {
    const { baseUrl } = await provider(({ nth }) => (nth === 1 ? 'server_error' : 'whole'));
    const { report } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(report.coverage).toEqual({ whole: 1, partial: 0, failed: 0 });
  });

  it('stops no other (B24), and is missing coverage, not a zero', async () => {
    const { baseUrl } = await provider(({ model }) => (model === 'zhipu-test' ? 'server_error' : 'whole'));
    const models = ['qwen', 'zhipu'];
    const questions = Array.from({ length: 15 }, (_, n) => `推荐第${n}类跑鞋`);
    const run = await diagnose({ registry: registryOf(baseUrl, models), input: { models, questions } });
    expect(run.report.coverage).toEqual({ whole: 15, partial: 0, failed: 15 });
    expect(run.report.figures.bare.overall.brands[1]?.mentionRate).toMatchObject({ numerator: 15, denominator: 15 });
    expect(run.end.finishReason).toBe('completed');
  });

  it('that is cut off by the deadline is a row, with the text that had arrived (X4, X5)', async () => {
    const { baseUrl } = await provider(({ model }) => (model === 'qwen-test' ? 'unfinished' : 'hang'));
    const models = ['qwen', 'zhipu'];
    const run = await diagnose({
      registry: registryOf(baseUrl, models),
      input: { models, reserveMs: 800 },
      deadlineMs: 2_000,
    });
    expect(run.wallMs).toBeLessThan(2_000);
    expect(run.calls).toHaveLength(2);
    expect(run.calls.find(({ model }) => model === 'qwen')).toMatchObject({
      status: 'partial',
      response: '1. **云步**：缓震出色，值得推荐。\n',
      geo_data: { interception: true },
    });
    expect(run.calls.find(({ model }) => model === 'zhipu')).toMatchObject({
      status: 'failed',
      error: { error_type: 'deadline_exceeded' },
    });
  });

  it('of every call makes a failed run that says so (X6)', async () => {
    const { baseUrl } = await provider(() => 'server_error');
    const { report } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(report).toMatchObject({ success: false, status: 'failed', total: 1, completed: 0 });
    expect(report.results[0]).toMatchObject({ status: 'failed', data: null, error: { error_type: 'server' } });
  });

  it('is left out after five in a row, and says that the breaker is open (B27)', async () => {
    const { baseUrl, calls } = await provider(() => 'server_error');
    const questions = Array.from({ length: 8 }, (_, n) => `推荐第${n}类跑鞋`);
    const run = await diagnose({
      registry: registryOf(baseUrl, ['qwen'], { limits: { requestsPerSecond: 1_000, concurrency: 1 } }),
      input: { questions, attempts: 1 },
    });
    expect(calls).toHaveLength(5);
    expect(run.calls.filter(({ error }) => error?.error_type === 'circuit_open')).toHaveLength(3);
  });

  it('is a row too when nobody listens at the provider', async () => {
    const gone = await startProvider(() => 'whole');
    await gone.stop();
    const { calls } = await diagnose({ registry: registryOf(gone.baseUrl, ['qwen']), input: {} });
    expect(calls).toMatchObject([
      { status: 'failed', error: { error_type: 'network', error_code: 'download.refused' } },
    ]);
  });
});
