import { describe, expect, it } from 'vitest';
import { SourcePage } from '../../modules/page/page.ts';
import { providerSchema } from '../codecs/provider.ts';
import { askAgain, askState, callRequest, givenUpError, readReply, stepAfter } from './ask.ts';
import { NOTHING_SPENT } from './cost.ts';
import { diagnosisInput } from './input.ts';

const NOW_MS = 1_700_000_000_000;
const provider = providerSchema.parse({
  name: 'doubao',
  codec: 'openai-chat',
  baseUrl: 'https://ark.test/api/v3',
  model: 'ep-1',
  keyReference: 'ARK_API_KEY',
});
const inputOf = (question: string) =>
  diagnosisInput.parse({ brand: '云步', questions: [question], models: ['doubao'] });
const callWith = (more: object = {}) => askState.parse({ question: 0, model: 'doubao', repeat: 1, ...more });
const call = callWith();
const at = (leftMs?: number) => ({
  nowMs: NOW_MS,
  deadlineAtMs: leftMs === undefined ? undefined : NOW_MS + leftMs,
});
const asked = (question: string, leftMs?: number) => callRequest(inputOf(question), call, provider, at(leftMs));

describe('the request of a call', () => {
  it.each([
    [19, 15_000],
    [20, 30_000],
    [49, 30_000],
    [50, 60_000],
  ])('with a question of %i characters may take %i ms (B26, X8)', (characters, timeoutMs) => {
    expect(asked('问'.repeat(characters)).timeoutMs).toBe(timeoutMs);
  });

  it('may take all that is left after the reserve, and ends then whatever it waited for (X7, R5)', () => {
    expect(asked('问', 20_000)).toMatchObject({ timeoutMs: 17_000, untilMs: NOW_MS + 17_000 });
    expect(asked('问'.repeat(50), 20_000)).toMatchObject({ timeoutMs: 17_000, untilMs: NOW_MS + 17_000 });
  });

  it('without time left is over before it is sent', () => {
    expect(asked('问', 2_000)).toMatchObject({ timeoutMs: 1, untilMs: NOW_MS - 1_000 });
  });

  it('names its key and does not hold it; is limited by provider, and left alone by model and brand (B27, B31)', () => {
    expect(asked('问')).toMatchObject({
      url: 'https://ark.test/api/v3/chat/completions',
      headers: { authorization: 'Bearer {{secret:ARK_API_KEY}}' },
      limitKey: 'model:doubao',
      limits: { requestsPerSecond: 2, concurrency: 8 },
      breaker: { key: 'doubao:云步' },
      partial: true,
      cache: { scope: 'shared', ttlMs: 300_000 },
    });
  });
});

function read(body: string, more: { status?: number; type?: string; partial?: boolean; elapsedMs?: number } = {}) {
  const { status = 200, type = 'text/event-stream', partial = false, elapsedMs = 0 } = more;
  const source = {
    url: 'https://ark.test/',
    status,
    headers: { 'content-type': type },
    body: Buffer.from(body),
    ...{ partial, elapsedMs },
  };
  return readReply(inputOf('问'), provider, new SourcePage(source, 'fast'), at());
}

describe('a reply', () => {
  it('that was cut off keeps its text', () => {
    const body = 'data: {"choices":[{"delta":{"content":"推荐云步"}}]}\n\ndata: {"choices":[{"del';
    expect(read(body, { partial: true })).toMatchObject({ ok: true, answer: { text: '推荐云步', finish: 'cut_off' } });
  });

  it('that was cut off before its text is a failure of time once its time was over, else of the connection', () => {
    const late = { partial: true, elapsedMs: 15_000 };
    expect(read(': hello\n\n', late)).toMatchObject({ ok: false, error: { error_type: 'timeout' } });
    const empty = 'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n';
    expect(read(empty, late)).toMatchObject({ ok: false, error: { error_type: 'timeout' } });
    expect(read(empty, { partial: true })).toMatchObject({ ok: false, error: { error_type: 'network' } });
  });

  it('is read as what it is, whatever was asked for', () => {
    const body = '{"choices":[{"message":{"content":"云步"},"finish_reason":"stop"}]}';
    expect(read(body, { type: 'application/json' })).toMatchObject({ ok: true, answer: { text: '云步' } });
    expect(read('data: {"choices":[{"delta":{"content":"云步"}}]}\n\n', { type: 'text/plain' })).toMatchObject({
      ok: true,
    });
  });

  it('that refuses is an error in whatever type it comes', () => {
    const body = '{"error":{"message":"too many requests"}}';
    expect(read(body, { status: 429 })).toMatchObject({ ok: false, error: { error_type: 'rate_limit' } });
  });
});

describe('a failed call', () => {
  const errorOf = (code: string, leftMs?: number) =>
    givenUpError(inputOf('问'), { code, message: 'm', data: {}, cost: 0 }, at(leftMs));

  it('is one of the run’s deadline once that has come, and of its own time before (X5)', () => {
    expect(errorOf('download.timeout', 2_900).error_type).toBe('deadline_exceeded');
    expect(errorOf('download.timeout', 10_000).error_type).toBe('timeout');
  });

  const again = (error: ReturnType<typeof errorOf>, leftMs?: number, state = call, waitMs?: number) =>
    askAgain(inputOf('问'), { call: state, error, waitMs, runId: 'run-1' }, at(leftMs));

  it('for want of a key is not asked again', () => {
    const error = errorOf('download.secret_missing');
    expect(error).toMatchObject({ error_type: 'invalid_key', recoverable: false });
    expect(again(error)).toBeUndefined();
  });

  it('is asked again once, where that may help and there is time', () => {
    expect(again(errorOf('download.reset'), 10_000)).toEqual({ refusals: 0, notBeforeMs: undefined });
    expect(again(errorOf('download.reset'), 10_000, callWith({ attempt: 2 }))).toBeUndefined();
    expect(again(errorOf('download.reset'), 4_000)).toBeUndefined();
    expect(again(errorOf('breaker.open'), 10_000)).toBeUndefined();
    expect(again(errorOf('download.timeout'))).toBeUndefined();
  });

  const throttled = { ...errorOf('download.reset'), error_type: 'rate_limit' } as const;

  it('that was refused for want of capacity is asked again with growing pauses, as long as there is time (R11)', () => {
    let state = call;
    let nowMs = 0;
    const pauses: number[] = [];
    for (;;) {
      const next = again(throttled, 16_000 - nowMs + 3_000, state);
      if (next === undefined) break;
      const pauseMs = next.notBeforeMs! - NOW_MS;
      pauses.push(pauseMs);
      nowMs += pauseMs;
      state = { ...state, ...next, attempt: state.attempt + 1 };
    }
    expect(pauses.length).toBeGreaterThanOrEqual(3);
    expect(pauses.toSorted((a, b) => a - b)).toEqual(pauses);
    expect(nowMs).toBeLessThanOrEqual(14_000);
    expect(pauses[0]).toBeGreaterThanOrEqual(500);
  });

  it('waits at least as long as the provider asks, and is given up at once where that is past the deadline', () => {
    expect(again(throttled, 20_000, call, 5_000)?.notBeforeMs).toBeGreaterThanOrEqual(NOW_MS + 5_000);
    expect(again(throttled, 20_000, call, 60_000)).toBeUndefined();
    expect(again(throttled, undefined, call, 60_000)?.notBeforeMs).toBeGreaterThanOrEqual(NOW_MS + 60_000);
  });

  it('does not come back at the same moment as the others that were refused with it', () => {
    const moments = Array.from({ length: 20 }, (_, question) => {
      return again(throttled, 20_000, callWith({ question }), 2_000)!.notBeforeMs! - NOW_MS;
    });
    expect(new Set(moments).size).toBeGreaterThan(15);
    expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThan(400);
  });

  it('gets no second attempt where it would fail alike: a model that thought until its limit', () => {
    const error = { ...throttled, error_type: 'empty', error_code: 'no_text_before_limit' } as const;
    expect(again(error, 20_000)).toBeUndefined();
    expect(again({ ...error, error_code: 'no_text' }, 20_000)).toBeDefined();
  });
});

describe('an answer that takes several requests', () => {
  const answer = (text: string, next?: readonly unknown[]) => ({
    ...{ text, reasoning: '', sources: [], retrieved: [], queries: ['q'], model: 'm' },
    ...{ finish: next === undefined ? 'whole' : 'cut_off', finishWord: next === undefined ? 'stop' : 'pause_turn' },
    usage: { inputTokens: 10, outputTokens: 5, reasoningTokens: null, cachedTokens: null, searchCalls: 1 },
    ...(next === undefined ? {} : { next }),
  });
  const stepOf = (state: typeof call, told: ReturnType<typeof answer>, leftMs?: number) =>
    stepAfter(
      inputOf('问'),
      state,
      { reply: { ok: true, answer: told as never }, spent: NOTHING_SPENT, fromCache: false, runId: 'r' },
      at(leftMs),
    );

  it('goes on with what the model sent, and is one answer in the end, with the tokens of all', () => {
    const first = stepOf(call, answer('云步', [{ role: 'assistant' }]));
    expect(first).toMatchObject({ kind: 'again', state: { turn: 1, turns: [{ role: 'assistant' }], attempt: 2 } });
    const second = stepOf((first as { state: typeof call }).state, answer('很好'));
    expect(second).toMatchObject({
      kind: 'answer',
      answer: { text: '云步很好', finish: 'whole', usage: { inputTokens: 20, outputTokens: 10, searchCalls: 2 } },
    });
  });

  it('is partial where there is no time to go on, and a failure without any text', () => {
    expect(stepOf(call, answer('云步', [{}]), 4_000)).toMatchObject({ kind: 'answer', answer: { finish: 'cut_off' } });
    expect(stepOf(call, answer('', [{}]), 4_000)).toMatchObject({
      kind: 'failure',
      error: { error_type: 'empty', error_code: 'unfinished_search' },
    });
  });

  it('ends after four turns, whatever the model wants', () => {
    expect(stepOf(callWith({ turn: 4 }), answer('云步', [{}]))).toMatchObject({ kind: 'answer' });
  });
});
