import { describe, expect, it } from 'vitest';
import { typeOfFailure } from '../codecs/diagnosis-error.ts';
import { providerSchema } from '../codecs/provider.ts';
import { askState, callRequest, costOfReply } from './ask.ts';
import { diagnosisInput } from './input.ts';

const provider = (price: { input: number; output: number }) =>
  providerSchema.parse({
    name: 'qwen',
    codec: 'openai-chat',
    baseUrl: 'https://api.test/v1',
    model: 'q-1',
    keyReference: 'KEY',
    pricePerMillionTokens: price,
  });
const input = (question: string, maxTokens = 1_000) =>
  diagnosisInput.parse({ brand: '云步', questions: [question], models: ['qwen'], maxTokens });
const call = askState.parse({ question: 0, model: 'qwen', repeat: 1 });
const time = { deadlineAtMs: undefined, nowMs: 0 };
const PAID = provider({ input: 2, output: 8 });

describe('the most that a call costs', () => {
  const mostOf = (question: string, maxTokens?: number) =>
    callRequest(input(question, maxTokens), call, PAID, time).cost?.atMost ?? 0;

  it('is at least the price of every token that it may send and get', () => {
    // Of a common Chinese character vocabularies make one to three tokens.
    const question = '推荐几款适合马拉松的跑鞋';
    const worst = (3 * question.length * 2 + 1_000 * 8) / 1_000_000;
    expect(mostOf(question)).toBeGreaterThan(worst);
    expect(mostOf(question)).toBeLessThan(2 * worst);
  });

  it('grows with the question and with the length that is allowed', () => {
    expect(mostOf('问'.repeat(200))).toBeGreaterThan(mostOf('问'));
    expect(mostOf('问', 2_000) - mostOf('问', 1_000)).toBeCloseTo(0.008, 4);
  });

  it('is not asked for where nothing has a price', () => {
    expect(callRequest(input('问'), call, provider({ input: 0, output: 0 }), time)).not.toHaveProperty('cost');
  });
});

describe('what a call has cost', () => {
  const asked = input('问');
  const found = { reasoning: '', sources: [], retrieved: [], queries: [] };
  const answer = { ...found, text: 'a', finish: 'whole', finishWord: 'stop', model: '' } as const;
  const usage = {
    ...{ inputTokens: 100, outputTokens: 50 },
    ...{ reasoningTokens: null, cachedTokens: null, searchCalls: null },
  };
  const told = { ok: true, answer: { ...answer, usage } } as const;
  const spent = (reply: Parameters<typeof costOfReply>[3]['reply'], status = 200, fromCache = false, by = PAID) =>
    costOfReply(asked, call, by, { page: { status, fromCache }, reply });
  const error = { error_type: 'server', error_code: '', error_message: '', recoverable: true, timestamp: '' } as const;
  const atMost = callRequest(asked, call, PAID, time).cost!.atMost;
  const cost = { counted: 0.000_6, atMost: 0.000_6 };

  it('is what the provider counted, also of an answer without text (R14)', () => {
    expect(spent(told).counted).toBeCloseTo(0.000_6, 10);
    expect(spent(told).atMost).toBe(spent(told).counted);
    const empty = { ok: false, error: { ...error, error_type: 'empty' }, answer: told.answer } as const;
    expect(spent(empty)).toEqual(spent(told));
  });

  it('is unknown up to a bound when it was cut off before it was counted, or cannot be read', () => {
    expect(spent({ ok: true, answer: { ...answer, usage: null, finish: 'cut_off' } })).toEqual({ counted: 0, atMost });
    expect(spent({ ok: false, error: { ...error, error_type: 'parse' } })).toEqual({ counted: 0, atMost });
  });

  it('is nothing when it was refused, whatever the status, or when another call had paid for the answer (R14)', () => {
    expect(spent({ ok: false, error }, 429)).toEqual({ counted: 0, atMost: 0 });
    expect(spent({ ok: false, error })).toEqual({ counted: 0, atMost: 0 });
    expect(spent(told, 200, true)).toEqual({ counted: 0, atMost: 0 });
  });

  it('is unknown without a price, and without a bound where the provider searched at no known price', () => {
    const { pricePerMillionTokens: _, ...unpriced } = PAID;
    expect(spent(told, 200, false, unpriced as typeof PAID)).toEqual({ counted: null, atMost: null });
    const searched = { ...told, answer: { ...told.answer, usage: { ...usage, searchCalls: 2 } } };
    expect(spent(searched)).toEqual({ counted: cost.counted, atMost: null });
    const priced = spent(searched, 200, false, { ...PAID, pricePerThousandSearches: 10 });
    expect(priced.counted).toBeCloseTo(0.020_6, 10);
    expect(priced.atMost).toBe(priced.counted);
  });

  it('is less for input that the provider had cached', () => {
    const cached = { ...told, answer: { ...told.answer, usage: { ...usage, cachedTokens: 80 } } };
    const cheap = { ...PAID, pricePerMillionTokens: { input: 2, output: 8, cachedInput: 0.5 } };
    expect(spent(cached, 200, false, cheap).counted).toBeCloseTo((20 * 2 + 80 * 0.5 + 50 * 8) / 1_000_000, 12);
  });

  it('that the cap of the run had no room for is an error of its own kind', () => {
    expect(typeOfFailure('budget.exhausted', 'a request of up to 1 was not sent')).toBe('cost_cap');
  });
});
