import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ChainEvent } from '../../../libs/contracts/events.ts';
import { ErrorClass } from '../../../libs/contracts/messages.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { CountedPermit } from '../../../libs/limits/limiter.ts';
import { meterBreakers } from '../../../libs/limits/metered-breakers.ts';
import { openSqliteBreakers } from '../../../libs/limits/sqlite/breakers.ts';
import { defineModule, fetchStep } from '../../../libs/modules/index.ts';
import { METRICS } from '../../../libs/telemetry/metric-names.ts';
import type { FakePage } from '../../../test/fixtures/fake-ports.ts';
import { messagesOf, only } from '../../../test/fixtures/outcomes.ts';
import { openStageBench } from '../../../test/fixtures/stage-bench.ts';
import type { BreakerGuard } from '../deps.ts';
import { handle } from '../handle.ts';
import { downloadError } from '../http/download-error.ts';

const STEP_BREAKER = { key: 'step', failures: 2, openMs: 20_000 };
const OWN_BREAKER = { key: 'qwen:Acme', failures: 2, openMs: 20_000 };

const answers = defineModule({
  name: 'answers',
  version: '1.0.0',
  input: z.object({ own: z.boolean() }).partial(),
  steps: { ask: fetchStep(z.object({}), { breaker: STEP_BREAKER }) },
  items: {},
}).implement({
  *start({ go }) {
    yield go.ask({});
  },
  steps: {
    ask: {
      request: ({ input }) => ({ url: 'http://model.test/ask', ...(input.own ? { breaker: OWN_BREAKER } : {}) }),
      *parse() {},
    },
  },
});

type Answer = () => FakePage;

const failing = (code: Parameters<typeof downloadError>[0]): Answer => {
  return () => {
    throw downloadError(code, { url: new URL('http://model.test/ask') });
  };
};
const answering = (status: number): Answer => {
  return () => ({ status });
};

function open(changes: Partial<BreakerGuard> = {}) {
  const bench = openStageBench([answers]);
  const breakers = meterBreakers(openSqliteBreakers(bench), bench.metrics);
  const events: ChainEvent[] = [];
  const publish = async (event: ChainEvent) => void events.push(event);
  const guard: BreakerGuard = { breakers, countTooManyRequests: true, timeoutMs: 60_000, publish, ...changes };
  let released = 0;
  const download = async (answer: Answer, input: { readonly own?: boolean } = {}) => {
    bench.http.answer = answer;
    const request = await bench.beginRequest({ input });
    const permit = new CountedPermit({
      steppedAside: () => undefined,
      released: () => {
        released += 1;
      },
    });
    const outcome = await handle({ ...bench.downloader, breakers: guard }, request, permit);
    return only(messagesOf(outcome, 'response')).model;
  };
  return { bench, breakers, events, download, released: () => released };
}

describe('a request with a circuit breaker', () => {
  it('B27: is not sent while it is open: a retryable failure with the wait, which counts against nobody', async () => {
    const { bench, breakers, download, released } = open();
    for (let time = 0; time < 2; time++) await download(answering(500));
    bench.clock.advance(5_000);
    const refused = await download(answering(200));
    expect(refused.error).toMatchObject({ code: 'breaker.open', class: ErrorClass.RETRYABLE, retryAfterMs: 15_000 });
    expect([bench.http.asked.length, released()]).toEqual([2, 3]);
    expect(await breakers.state('step')).toMatchObject({ state: 'open', trialAtMs: bench.clock.now() + 15_000 });
  });

  it('B27: is tried when the time has come, and the breaker of a request goes before that of its step', async () => {
    const { bench, breakers, events, download } = open();
    for (let time = 0; time < 2; time++) await download(answering(503), { own: true });
    expect((await download(answering(200))).error, 'the step’s own is closed').toBeUndefined();
    bench.clock.advance(20_000);
    expect((await download(answering(200), { own: true })).error).toBeUndefined();
    expect(await breakers.state(OWN_BREAKER.key)).toMatchObject({ state: 'closed' });
    expect(events).toMatchObject([
      { type: 'BreakerOpened', runId: 'run-2', moduleId: 'answers@1.0.0', epoch: 1, data: { key: OWN_BREAKER.key } },
      { type: 'BreakerClosed', runId: 'run-4', epoch: 3, id: 'breaker:qwen%3AAcme:3:BreakerClosed' },
    ]);
  });

  it.each<[string, Answer, 'open' | 'closed']>([
    ['500', answering(500), 'open'],
    ['503', answering(503), 'open'],
    ['429', answering(429), 'open'],
    ['a timeout', failing('download.timeout'), 'open'],
    ['no connection', failing('download.refused'), 'open'],
    ['a body that breaks off', failing('download.truncated'), 'open'],
    ['a bad certificate', failing('download.tls'), 'open'],
    ['404', answering(404), 'closed'],
    ['401', answering(401), 'closed'],
    ['a call that was given up', failing('download.aborted'), 'closed'],
    ['a URL that is none', failing('download.invalid_url'), 'closed'],
    ['a body that is too large', failing('download.too_large'), 'closed'],
  ])('B27: after %s twice it is %s', async (_name, answer, state) => {
    const { breakers, download } = open();
    for (let time = 0; time < 2; time++) await download(answer);
    expect(await breakers.state('step')).toMatchObject({ state });
  });

  it('lets 429 say nothing where that is configured: neither a failure, nor a success', async () => {
    const { breakers, download } = open({ countTooManyRequests: false });
    await download(answering(500));
    for (let time = 0; time < 5; time++) await download(answering(429));
    expect(await breakers.state('step')).toMatchObject({ state: 'closed', failures: 1 });
  });

  it('gives a trial back that was given up before it said anything', async () => {
    const { bench, breakers, download } = open();
    for (let time = 0; time < 2; time++) await download(answering(500));
    bench.clock.advance(20_000);
    await download(failing('download.aborted'));
    expect(await breakers.state('step')).toMatchObject({ state: 'open' });
    expect((await download(answering(200))).error).toBeUndefined();
  });

  it('is not sent when the state of its breaker cannot be had', async () => {
    const unavailable = new CatenaError('limits.unavailable', 'Redis is gone', { class: 'retryable' });
    const { bench, breakers } = open();
    const { download } = open({ breakers: { ...breakers, acquire: () => Promise.reject(unavailable) } });
    expect((await download(answering(200))).error).toMatchObject({ code: 'limits.unavailable' });
    expect(bench.http.asked).toEqual([]);
  });

  it('keeps its response when its report is lost, or its event', async () => {
    const gone = () => Promise.reject(new CatenaError('limits.unavailable', 'Redis is gone', { class: 'retryable' }));
    const { breakers, download: first } = open({ publish: gone });
    for (let time = 0; time < 2; time++) expect((await first(answering(500))).status).toBe(500);
    expect(await breakers.state('step')).toMatchObject({ state: 'open' });
    const { download } = open({
      breakers: { ...breakers, acquire: async () => ({ granted: true, token: '0.1.1.a' }), report: gone },
    });
    expect((await download(answering(200))).status).toBe(200);
  });

  it('shows in the metrics', async () => {
    const { bench, breakers, download } = open();
    const read = () =>
      [METRICS.breakersOpen, METRICS.breakersOpened, METRICS.breakersRefused].map((one) => bench.metrics.total(one));
    expect(read()).toEqual([0, 0, 0]);
    for (let time = 0; time < 3; time++) await download(answering(500));
    expect(read()).toEqual([1, 1, 1]);
    bench.clock.advance(20_000);
    await download(answering(500));
    expect(read()).toEqual([1, 2, 1]);
    bench.clock.advance(20_000);
    await download(answering(200));
    expect(read()).toEqual([0, 2, 1]);
    for (let time = 0; time < 2; time++) await download(answering(500));
    await breakers.reset('step');
    expect(read()).toEqual([0, 3, 1]);
  });
});

it.each([
  [{}, 'its key is not a text'],
  [{ key: '' }, 'its key is not a text'],
  [{ key: 'a', failure: 1 }, 'it has no failure'],
  [{ key: 'a', failures: 0 }, 'failures is 0'],
  [{ key: 'a', openMs: '1' }, 'openMs is 1'],
  [{ key: 'k'.repeat(201) }, 'more than 200'],
  ['a', 'it is not an object'],
])('a request whose breaker is %j fails, and says why', async (breaker, words) => {
  const module = defineModule({
    name: 'wrong',
    version: '1.0.0',
    input: z.object({}),
    steps: { ask: z.object({}) },
    items: {},
  }).implement({
    *start({ go }) {
      yield go.ask({});
    },
    steps: { ask: { request: () => ({ url: 'http://model.test', breaker: breaker as never }), *parse() {} } },
  });
  const bench = openStageBench([module]);
  const [hop] = await bench.begin();
  const outcome = await bench.generate(hop!);
  const { error } = only(messagesOf(outcome, 'error')).model;
  expect(error).toMatchObject({ code: 'module.wrong_request', message: expect.stringContaining(words) });
  const step = () =>
    defineModule({
      ...{ name: 'wrong', version: '1.0.0', input: z.object({}), items: {} },
      steps: { ask: fetchStep(z.object({}), { breaker: breaker as never }) },
    });
  expect(step).toThrow('breaker must be an object with a key');
});
