import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, type Provider, providerSchema } from './provider.ts';
import { buildRequest, keyHeader, openStream, parseResponse, parseStream } from './registry.ts';
import { SAME, SAMPLES } from './samples.fixture.ts';
import { CODEC_NAMES, type CodecName } from './vendors/vendor.ts';

const KEY = 'sk-secret';
const KEY_HEADERS: Readonly<Partial<Record<CodecName, readonly string[]>>> = {
  'anthropic-messages': ['x-api-key', KEY],
  gemini: ['x-goog-api-key', KEY],
};

function provider(over: Partial<Provider> = {}): Provider {
  return providerSchema.parse({
    name: 'm',
    codec: 'openai-chat',
    baseUrl: 'https://ark.cn-beijing.volces.com/api/v3/',
    model: 'ep-1',
    keyReference: 'ARK_KEY',
    ...over,
  });
}

const from = (codec: CodecName, status = 200, nowMs = 0) => ({ codec, vendor: 'other', status, nowMs }) as const;

const sse = (events: readonly unknown[]): string =>
  `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`;

describe.each(CODEC_NAMES)('the codec %s', (codec) => {
  const { body, events } = SAMPLES[codec];

  it('B25: reads a whole body and a stream to the same answer', () => {
    expect(parseResponse(JSON.stringify(body), from(codec))).toMatchObject({ ok: true, answer: SAME });
    expect(parseStream([sse(events)], from(codec))).toMatchObject({ ok: true, answer: SAME });
  });

  it('reads a stream the same wherever it is cut, even inside a character', () => {
    const bytes = Buffer.from(sse(events).replaceAll('\n', '\r\n'));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        expect(parseStream(chunks, from(codec))).toMatchObject({ ok: true, answer: SAME });
      }),
      { numRuns: 50 },
    );
  });

  it('X5: keeps the text that had arrived when the stream is cut off, marked partial', () => {
    const whole = sse(events);
    const stream = openStream(codec);
    stream.push(Buffer.from(whole.slice(0, whole.indexOf('你') + 1)));
    expect(stream.answer).toMatchObject({ text: '', finish: 'cut_off' });
    stream.push(whole.slice(whole.indexOf('你') + 1, whole.indexOf('好') + 1));
    stream.end();
    expect(stream.answer).toMatchObject({ text: '你', finish: 'cut_off' });
  });

  it('asks with the model, the limit and no key; the key has a header of its own', () => {
    const request = buildRequest(provider({ codec, streaming: true }), {
      prompt: '问',
      system: '请',
      maxTokens: 700,
      temperature: 0.2,
    });
    const text = JSON.stringify(request);
    for (const part of ['ep-1', '问', '请', '700', '0.2']) expect(text).toContain(part);
    expect(request.url).toMatch(/^https:\/\/ark\.cn-beijing\.volces\.com\/api\/v3\/[a-z]/);
    expect(text).not.toContain(KEY);
    expect(keyHeader(codec, KEY)).toEqual(KEY_HEADERS[codec] ?? ['authorization', `Bearer ${KEY}`]);
  });

  it('never throws, on any bytes or any JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), fc.json(), (chunks, json) => {
        expect(typeof parseStream(chunks, from(codec)).ok).toBe('boolean');
        expect(typeof parseStream([`data: ${json}\n\n`], from(codec)).ok).toBe('boolean');
        expect(typeof parseResponse(Buffer.concat(chunks).toString('latin1'), from(codec)).ok).toBe('boolean');
        expect(typeof parseResponse(json, from(codec, 500)).ok).toBe('boolean');
      }),
    );
    for (const wrong of [
      null,
      7,
      'x',
      [],
      { choices: 'x' },
      { choices: [null] },
      { output: [null, 3] },
      { content: [1] },
      { error: null },
    ]) {
      expect(typeof parseResponse(JSON.stringify(wrong), from(codec)).ok).toBe('boolean');
      expect(typeof parseStream([sse([wrong])], from(codec)).ok).toBe('boolean');
    }
  });

  it('B28: says what went wrong in a body that is no answer', () => {
    expect(parseResponse('<html>', from(codec))).toMatchObject({
      ok: false,
      error: { error_type: 'parse', error_code: 'page_200' },
    });
    expect(parseResponse('hello', from(codec))).toMatchObject({
      ok: false,
      error: { error_type: 'parse', error_code: 'not_json' },
    });
    expect(parseResponse('{}', from(codec))).toMatchObject({
      ok: false,
      error: { error_type: 'parse', error_code: 'no_answer' },
    });
    expect(parseResponse('Bad Gateway', from(codec, 502))).toMatchObject({
      ok: false,
      error: { error_type: 'unavailable', error_code: 'http_502' },
    });
    const refused =
      codec === 'dashscope-native'
        ? { code: 'Throttling.RateQuota', message: 'm', request_id: 'r' }
        : { error: { code: 'rate_limit_exceeded', message: 'm' } };
    expect(parseResponse(JSON.stringify(refused), from(codec, 429, 9))).toMatchObject({
      ok: false,
      error: {
        error_type: 'rate_limit',
        error_code: codec === 'dashscope-native' ? 'Throttling.RateQuota' : 'rate_limit_exceeded',
        error_message: 'm',
        recoverable: true,
        timestamp: '1970-01-01T00:00:00.009Z',
      },
    });
  });
});

describe('replies', () => {
  it('mark an answer that the token limit ended, and one that an error ended', () => {
    const limited = { choices: [{ message: { content: 'x' }, finish_reason: 'length' }] };
    expect(parseResponse(JSON.stringify(limited), from('openai-chat'))).toMatchObject({
      answer: { finish: 'cut_off', finishWord: 'length' },
    });
    const broken = sse([
      { choices: [{ delta: { content: 'x' }, finish_reason: 'stop' }] },
      { error: { message: 'overloaded' } },
    ]);
    expect(parseStream([broken], from('openai-chat'))).toMatchObject({
      ok: true,
      answer: { text: 'x', finish: 'cut_off' },
    });
    const filtered = { choices: [{ message: { content: '' }, finish_reason: 'content_filter' }] };
    expect(parseResponse(JSON.stringify(filtered), from('openai-chat'))).toMatchObject({
      error: { error_type: 'content_safety' },
    });
  });

  it('read BigModel’s list of sources, whose URLs stand in `link`', () => {
    const body = {
      choices: [{ message: { content: 'x' } }],
      web_search: [{ title: 'T', link: 'https://b.com' }, { link: 'industry_report' }],
    };
    expect(parseResponse(JSON.stringify(body), from('openai-chat'))).toMatchObject({
      answer: { sources: [{ url: 'https://b.com', title: 'T' }] },
    });
  });
});

describe('a provider', () => {
  it('may add fields to the body, and set those of its parameters', () => {
    const { json } = buildRequest(
      provider({ codec: 'dashscope-native', extraBody: { parameters: { enable_search: true }, x: 1 } }),
      { prompt: 'p' },
    );
    expect(json).toMatchObject({ x: 1, parameters: { enable_search: true, result_format: 'message' } });
  });

  it('is refused with an unknown field, a wrong URL or a key in the place of its name', () => {
    const entry = {
      name: 'm',
      codec: 'perplexity',
      baseUrl: 'https://api.perplexity.ai',
      model: 'sonar',
      keyReference: 'PPLX',
    };
    expect(providerSchema.safeParse(entry).success).toBe(true);
    for (const wrong of [{ baseURL: 'x' }, { baseUrl: 'ftp://a' }, { codec: 'soap' }, { keyReference: 'a key' }]) {
      expect(providerSchema.safeParse({ ...entry, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
    }
  });

  it('costs what its tokens cost', () => {
    const price = { pricePerMillionTokens: { input: 2, output: 8 } };
    const usage = { reasoningTokens: null, cachedTokens: null, searchCalls: null };
    expect(costOf({ inputTokens: 500_000, outputTokens: 250_000, ...usage }, price)).toBe(3);
    expect(costOf(null, price)).toBeUndefined();
  });
});
