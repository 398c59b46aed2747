import { describe, expect, it } from 'vitest';
import { SourcePage } from '../../modules/page/page.ts';
import { providerSchema } from '../codecs/provider.ts';
import { asksAgain, callRequest, givenUpError, readReply } from './ask.ts';
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
const call = { question: 0, model: 'doubao', repeat: 1, attempt: 1 };
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

  it('may take no more than what is left after the reserve, and ends then whatever it waited for (X7)', () => {
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

function read(body: string, more: { status?: number; type?: string; partial?: boolean } = {}) {
  const { status = 200, type = 'text/event-stream', partial = false } = more;
  const source = {
    url: 'https://ark.test/',
    status,
    headers: { 'content-type': type },
    body: Buffer.from(body),
    partial,
  };
  return readReply(inputOf('问'), provider, new SourcePage(source, 'fast'), at());
}

describe('a reply', () => {
  it('that was cut off keeps its text', () => {
    const body = 'data: {"choices":[{"delta":{"content":"推荐云步"}}]}\n\ndata: {"choices":[{"del';
    expect(read(body, { partial: true })).toMatchObject({ ok: true, answer: { text: '推荐云步', finish: 'cut_off' } });
  });

  it('that was cut off before its text is a failure of time, not a broken one', () => {
    expect(read(': hello\n\n', { partial: true })).toMatchObject({ ok: false, error: { error_type: 'timeout' } });
    const empty = 'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n';
    expect(read(empty, { partial: true })).toMatchObject({ ok: false, error: { error_type: 'timeout' } });
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

  it('for want of a key is not asked again', () => {
    const error = errorOf('download.secret_missing');
    expect(error).toMatchObject({ error_type: 'invalid_key', recoverable: false });
    expect(asksAgain(inputOf('问'), 1, error, at())).toBe(false);
  });

  it('is asked again once, where that may help and there is time', () => {
    const input = inputOf('问');
    expect(asksAgain(input, 1, errorOf('download.reset'), at(10_000))).toBe(true);
    expect(asksAgain(input, 2, errorOf('download.reset'), at(10_000))).toBe(false);
    expect(asksAgain(input, 1, errorOf('download.reset'), at(4_000))).toBe(false);
    expect(asksAgain(input, 1, errorOf('breaker.open'), at(10_000))).toBe(false);
    expect(asksAgain(input, 1, errorOf('download.timeout'), at())).toBe(false);
  });
});
