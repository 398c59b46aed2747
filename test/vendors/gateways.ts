/** What stands between: proxies, firewalls, and gateways that speak the format of OpenAI for many providers. */
import { behavioursOf, chatBody, chatChunks, failure, json, page, stream, TEXT, WHOLE } from './behaviour.ts';

const ENTRY = { codec: 'openai-chat', path: '/v1', model: 'some-model' };

export const GATEWAYS = behavioursOf('Gateways', ENTRY, [
  {
    name: 'nginx has no server behind it, and then has',
    input: { attempts: 2 },
    sends: [page('502 Bad Gateway', 502), stream(chatChunks('m'))],
    row: { ...WHOLE, attempts: 2 },
  },
  {
    name: 'nginx waited too long',
    sends: [page('504 Gateway Time-out', 504)],
    row: failure('timeout', 'page_504'),
  },
  {
    name: 'a firewall shows a page: that is no wrong key',
    sends: [page('Attention Required! | Cloudflare', 403)],
    row: failure('network', 'page_403', { remedy: /baseUrl/ }),
  },
  {
    name: 'a page with status 200: a login of the network, or a wrong address',
    sends: [page('Sign in to the network', 200)],
    row: failure('parse', 'page_200', { error_message: /Sign in/, remedy: /baseUrl/ }),
  },
  {
    name: 'an error with status 200',
    sends: [
      json({
        error: {
          message: '当前分组 default 下对于模型 some-model 无可用渠道',
          type: 'new_api_error',
          code: 'model_not_found',
        },
      }),
    ],
    row: failure('unknown_model', 'model_not_found'),
  },
  {
    name: 'an error that is a text',
    sends: [json({ error: 'Payment Required: insufficient credits' }, 402)],
    row: { ...failure('quota', 'quota'), attempts: 1 },
  },
  {
    name: 'an error as detail',
    sends: [json({ detail: 'Invalid authentication token' }, 401)],
    row: failure('invalid_key', 'invalid_key'),
  },
  {
    name: 'an error as a stream, with an error status',
    sends: [
      {
        status: 429,
        headers: { 'content-type': 'text/event-stream' },
        body: 'data: {"error":{"message":"insufficient balance","code":"insufficient_balance"}}\n\n',
      },
    ],
    row: { ...failure('quota', 'insufficient_balance'), attempts: 1 },
  },
  {
    name: 'an empty body, and then an answer',
    input: { attempts: 2 },
    sends: [{ body: '' }, stream(chatChunks('m'))],
    row: { ...WHOLE, attempts: 2 },
  },
  {
    name: 'JSON that is cut off',
    sends: [{ headers: { 'content-type': 'application/json' }, body: '{"choices":[{"message":{"content":"云' }],
    row: failure('parse', 'not_json'),
  },
  {
    name: 'a stream that is not asked for as one, without a content type',
    entry: { streaming: false },
    sends: [{ ...stream(chatChunks('m')), headers: {} }],
    row: WHOLE,
  },
  {
    name: 'a whole body where a stream was asked for',
    sends: [json(chatBody('m', { content: TEXT }))],
    row: WHOLE,
  },
  {
    name: 'a stream with carriage returns, cut inside of characters',
    sends: [
      {
        headers: { 'content-type': 'text/event-stream' },
        body: cutAnywhere(
          `${chatChunks('m')
            .map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`)
            .join('')}data: [DONE]\r\n\r\n`,
        ),
      },
    ],
    row: WHOLE,
  },
  {
    name: 'an event that is no JSON is left out',
    sends: [stream(['data: {"choices":[{"del\n\n', ...chatChunks('m')])],
    row: WHOLE,
  },
  {
    name: 'thoughts inside of the text, and nothing after them',
    sends: [stream(chatChunks('m', { pieces: ['<think>用户想要跑鞋'], finish: 'length' }))],
    row: failure('empty', 'no_text_before_limit'),
  },
  {
    name: 'the connection breaks before any text, and a second attempt helps',
    input: { attempts: 2 },
    sends: [stream([': waiting\n\n'], '', 'break'), stream(chatChunks('m'))],
    row: { ...WHOLE, attempts: 2 },
  },
  {
    name: 'Retry-After as a date that is over is no wait',
    sends: [
      json({ error: { message: 'Too many requests' } }, 429, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
      stream(chatChunks('m')),
    ],
    row: { ...WHOLE, attempts: 2 },
  },
  {
    name: 'the tokens that a gateway does not count stay unknown, and so does the cost',
    entry: { pricePerMillionTokens: { input: 2, output: 8 }, pricesAsOf: '2026-01-01' },
    sends: [stream(chatChunks('m'))],
    row: { ...WHOLE, usage: null, cost: 0, price: { input: 2, output: 8, asOf: '2026-01-01' } },
  },
  {
    name: 'without a price the cost is unknown',
    sends: [stream(chatChunks('m', { usage: { prompt_tokens: 1_000, completion_tokens: 1_000 } }))],
    row: { ...WHOLE, price: null, cost: null, cost_at_most: null },
  },
]);

/** In pieces of three bytes. */
function cutAnywhere(text: string): Uint8Array[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / 3) }, (_, n) => bytes.subarray(3 * n, 3 * n + 3));
}
