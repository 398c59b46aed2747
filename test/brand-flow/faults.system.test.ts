/** What a diagnosis makes of providers that fail. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ExitCode, exitCodeOfRun } from '../../libs/cli/exit-codes.ts';
import { systemClock } from '../../libs/clock/clock.ts';
import { registryOf } from './models.ts';
import { ANSWER, type Behaviour, type ProviderCall, startProvider } from './provider.ts';
import { diagnose, diagnosesIn, provider } from './scene.ts';

describe('a failing call', () => {
  it.each<[Behaviour, string]>([
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
    expect(run.deadLetters.filter(({ kind }) => kind === 'request')).toEqual([]);
  });

  it('that is throttled is asked again as long as there is time, and then a row that says so (R11)', async () => {
    const { baseUrl, calls } = await provider(() => 'throttled');
    const input = { reserveMs: 2_500 };
    const run = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input, deadlineMs: 6_500 });
    expect(calls.length).toBeGreaterThanOrEqual(2);
    expect(run.wallMs, 'what is left of the time would not do for another attempt').toBeLessThan(6_500);
    expect(run.calls).toMatchObject([
      { status: 'failed', attempts: calls.length, cost: 0, error: { error_type: 'rate_limit', recoverable: true } },
    ]);
  });

  it('that is throttled and then answered is whole, however often it was refused (R11)', async () => {
    const { baseUrl, calls } = await provider(({ nth }) => (nth <= 2 ? 'throttled' : 'whole'));
    const input = { attempts: 1 };
    const run = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input, deadlineMs: 20_000 });
    expect(calls).toHaveLength(3);
    expect(run.calls).toMatchObject([{ status: 'whole', finish: 'whole', attempts: 3 }]);
  });

  it('is answered by the second attempt where that succeeds', async () => {
    const { baseUrl } = await provider(({ nth }) => (nth === 1 ? 'server_error' : 'whole'));
    const { report } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(report.coverage).toEqual({ whole: 1, partial: 0, failed: 0, pending: 0 });
  });

  it('stops no other (B24), and is missing coverage, not a zero', async () => {
    const { baseUrl } = await provider(({ model }) => (model === 'zhipu-test' ? 'server_error' : 'whole'));
    const models = ['qwen', 'zhipu'];
    const questions = Array.from({ length: 15 }, (_, n) => `推荐第${n}类跑鞋`);
    const run = await diagnose({ registry: registryOf(baseUrl, models), input: { models, questions } });
    expect(run.report.coverage).toEqual({ whole: 15, partial: 0, failed: 15, pending: 0 });
    expect(run.report.figures.bare.overall.brands[1]?.mentionRate).toMatchObject({ numerator: 15, denominator: 15 });
    expect(run.end.finishReason).toBe('completed');
  });

  it('that is cut off by the deadline is a row, with the text that had arrived (X4, X5)', async () => {
    const { baseUrl } = await provider(({ model }) => (model === 'qwen-test' ? 'unfinished' : 'hang'));
    const models = ['qwen', 'zhipu'];
    const run = await diagnose({
      registry: registryOf(baseUrl, models),
      input: { models, reserveMs: 2_800 },
      deadlineMs: 4_000,
    });
    expect(run.wallMs).toBeLessThan(4_000);
    expect(run.calls).toHaveLength(2);
    expect(run.calls.find(({ model }) => model === 'qwen')).toMatchObject({
      status: 'partial',
      response: '1. **云步**：缓震出色，值得推荐。\n',
      geo_data: { brand_mentioned: null, interception: null },
    });
    expect(run.calls.find(({ model }) => model === 'zhipu')).toMatchObject({
      status: 'failed',
      error: { error_type: 'deadline_exceeded' },
    });
  });

  it('of every call makes a failed run that says so, with its report (X6)', async () => {
    const { baseUrl } = await provider(() => 'server_error');
    const { report, end } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(report).toMatchObject({ success: false, status: 'failed', total: 1, completed: 0 });
    expect(report.results[0]).toMatchObject({ status: 'failed', data: null, error: { error_type: 'server' } });
    expect(end).toMatchObject({ finishReason: 'terminated', detail: 'none of 1 calls was answered (server 1)' });
    expect(exitCodeOfRun(end)).toBe(ExitCode.ENDED_EARLY);
  });

  it('that breaks off midway keeps its text', async () => {
    const { baseUrl } = await provider(() => 'disconnect_midway');
    const { calls, report } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(calls).toMatchObject([{ status: 'partial', response: '1. **云步**：缓震出色，值得推荐。\n' }]);
    expect(report.success).toBe(true);
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

describe('an answer in the wrong charset', () => {
  it.each<[Behaviour, string]>([
    ['gbk_declared', 'GBK, and says so'],
    ['utf8_as_gbk', 'UTF-8, and says GBK'],
    ['utf8_with_bom', 'UTF-8 behind a byte order mark'],
  ])('that can be read for certain is read (%s: %s)', async (behaviour) => {
    const { baseUrl } = await provider(() => behaviour);
    const { calls } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(calls).toMatchObject([{ status: 'whole', response: ANSWER, geo_data: { interception: true } }]);
  });

  it.each<[Behaviour, string]>([
    ['gbk_undeclared', 'GBK, and says nothing'],
    ['gbk_as_utf8', 'GBK, and says UTF-8'],
  ])('that cannot is a failed call, never an answer of broken characters (%s: %s)', async (behaviour) => {
    const { baseUrl, calls: asked } = await provider(() => behaviour);
    const { calls } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(calls).toMatchObject([
      { status: 'failed', response: null, error: { error_type: 'parse', error_code: 'wrong_charset' } },
    ]);
    expect(asked).toHaveLength(2);
  });
});

const FAULTS: readonly Behaviour[] = [
  'throttled',
  'server_error',
  'hang',
  'malformed',
  'disconnect',
  'gbk_undeclared',
  'unfinished',
];

/** One in five, whatever the order in which the calls come. */
function oneInFive({ question, model }: Pick<ProviderCall, 'question' | 'model'>): Behaviour {
  const number = Number(/\d+/.exec(question)?.[0]) + (model === 'zhipu-test' ? 2 : 0);
  return number % 5 === 0 ? (FAULTS[(number / 5) % FAULTS.length] ?? 'hang') : 'whole';
}

describe('faults in one of five calls', () => {
  it('lose no run, and no call: each is a row that says what came of it (B24, X5)', async () => {
    const { baseUrl } = await provider(oneInFive);
    const models = ['qwen', 'zhipu'];
    const questions = Array.from({ length: 35 }, (_, n) => `推荐第${n}类跑鞋`);
    const diagnoses = await diagnosesIn(registryOf(baseUrl, models));
    const brands = ['海澜鞋业', '云步', '山脊运动'];
    const runs = await Promise.all(
      brands.map((brand) =>
        diagnoses.run({ brand, rivals: [], models, questions, concurrency: 70, reserveMs: 1_500 }, 6_000),
      ),
    );
    for (const { report, calls, end } of runs) {
      expect(end.finishReason).toBe('completed');
      expect(calls).toHaveLength(70);
      const { whole, partial, failed } = report.coverage;
      expect(whole + partial + failed).toBe(70);
      expect(report.figures.bare.overall.coverage).toMatchObject({ calls: 70, whole, partial, failed });
      for (const call of calls) {
        const behaviour = oneInFive({ question: call.question, model: `${call.model}-test` });
        if (call.status === 'whole') expect(behaviour, call.question).toBe('whole');
        else if (call.status === 'partial') expect(behaviour).toBe('unfinished');
        // A healthy call fails only for its neighbours: they have opened the breaker of this model and brand.
        else if (behaviour === 'whole') expect(call.error?.error_type).toBe('circuit_open');
        else expect(call.error).toMatchObject({ error_type: expect.any(String), error_code: expect.any(String) });
      }
    }
  });

  it('open the breaker of their model and brand alone, and the first success after its time closes it (B27)', async () => {
    let shiftMs = 0;
    const now = systemClock.now.bind(systemClock);
    const clock = vi.spyOn(systemClock, 'now').mockImplementation(() => now() + shiftMs);
    onTestFinished(() => clock.mockRestore());
    let isDown = true;
    const { baseUrl, calls } = await provider(() => (isDown ? 'server_error' : 'whole'));
    const models = ['qwen'];
    const diagnoses = await diagnosesIn(registryOf(baseUrl, models));
    const ask = (brand: string, count: number) =>
      diagnoses.run({
        ...{ brand, models, rivals: [], attempts: 1, concurrency: 1, cache: false },
        questions: Array.from({ length: count }, (_, n) => `推荐第${n}类跑鞋`),
      });
    const failed = (run: Awaited<ReturnType<typeof ask>>) => run.calls.map(({ error }) => error?.error_type ?? 'none');

    expect(failed(await ask('海澜鞋业', 5))).toEqual(Array(5).fill('server'));
    isDown = false;
    expect(failed(await ask('海澜鞋业', 2))).toEqual(['circuit_open', 'circuit_open']);
    expect(calls).toHaveLength(5);
    expect(failed(await ask('云步', 2))).toEqual(['none', 'none']);
    shiftMs = 31_000;
    expect(failed(await ask('海澜鞋业', 3))).toEqual(['none', 'none', 'none']);
  });
});
