/** DeepSeek: api-docs.deepseek.com. Errors have one code for everything; long waits are bridged by comments and empty lines. */
import { behavioursOf, CUT, chatBody, chatChunks, failure, json, PIECES, stream, TEXT, WHOLE } from './behaviour.ts';

const MODEL = 'deepseek-chat';
const USAGE = {
  ...{ prompt_tokens: 20, completion_tokens: 40, total_tokens: 60 },
  ...{ prompt_cache_hit_tokens: 16, prompt_cache_miss_tokens: 4, completion_tokens_details: { reasoning_tokens: 0 } },
};
const refused = (status: number, message: string, type = 'unknown_error') =>
  json({ error: { message, type, param: null, code: 'invalid_request_error' } }, status);

export const DEEPSEEK = behavioursOf('DeepSeek', { codec: 'openai-chat', path: '', vendor: 'deepseek', model: MODEL }, [
  {
    name: 'comments keep the stream alive before the first word',
    sends: [stream([': keep-alive\n\n', ': keep-alive\n\n', ...chatChunks(MODEL, { usage: USAGE })])],
    asksAt: '/chat/completions',
    row: { ...WHOLE, usage: { inputTokens: 20, outputTokens: 40, cachedTokens: 16, reasoningTokens: 0 } },
  },
  {
    name: 'empty lines keep a whole body waiting',
    entry: { streaming: false },
    sends: [
      {
        headers: { 'content-type': 'application/json' },
        body: ['\n\n\n', JSON.stringify(chatBody(MODEL, { content: TEXT }, { usage: USAGE }))],
      },
    ],
    row: WHOLE,
  },
  {
    name: 'thinking is switched off',
    entry: { thinking: 'off' },
    sends: [stream(chatChunks(MODEL))],
    asks: [{ thinking: { type: 'disabled' } }],
    row: WHOLE,
  },
  {
    name: 'thoughts come in a field of their own, and are no text',
    sends: [
      stream([
        { choices: [{ index: 0, delta: { content: null, reasoning_content: '云步不错' }, finish_reason: null }] },
        ...chatChunks(MODEL),
      ]),
    ],
    row: WHOLE,
  },
  {
    name: 'the servers have no resources left in the middle of the answer (R4)',
    sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: 'insufficient_system_resource' }))],
    row: { ...CUT, finish_word: 'insufficient_system_resource' },
  },
  {
    name: 'the filter broke the answer off',
    sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: 'content_filter' }))],
    row: { status: 'partial', finish: 'filtered' },
  },
  {
    name: 'the filter left no text at all',
    sends: [stream(chatChunks(MODEL, { pieces: [], finish: 'content_filter' }))],
    row: { ...failure('content_safety', 'filtered'), finish: 'filtered' },
  },
  {
    name: 'the connection is closed in the middle',
    sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: null }), '', 'break')],
    row: CUT,
  },
  {
    name: 'the stream ends in order, without a finish word and without [DONE]',
    sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: null }), '')],
    row: { ...CUT, finish_word: null },
  },
  {
    name: 'the stream is closed by [DONE] without a finish word: nobody knows whether it was whole',
    sends: [stream(chatChunks(MODEL, { finish: null }))],
    row: { status: 'partial', finish: 'unknown', response: TEXT },
  },
  {
    name: 'the finish word comes, and [DONE] does not',
    sends: [stream(chatChunks(MODEL), '')],
    row: WHOLE,
  },
  {
    name: 'the finish word stands in the event of the last text',
    sends: [
      stream([
        { choices: [{ index: 0, delta: { content: PIECES[0] }, finish_reason: null }] },
        { choices: [{ index: 0, delta: { content: PIECES[1] }, finish_reason: 'stop' }], usage: USAGE },
      ]),
    ],
    row: WHOLE,
  },
  {
    name: 'the connection breaks after the finish word: the answer is whole',
    sends: [stream(chatChunks(MODEL), '', 'break')],
    row: WHOLE,
  },
  {
    name: 'no balance',
    sends: [refused(402, 'Insufficient Balance')],
    row: { ...failure('quota', 'invalid_request_error', { remedy: /top up/ }), attempts: 1 },
  },
  {
    name: 'the key is wrong',
    sends: [refused(401, 'Authentication Fails (no such user)', 'authentication_error')],
    row: failure('invalid_key', 'invalid_request_error', { remedy: /platform\.deepseek\.com/ }),
  },
  {
    name: 'no such model',
    sends: [refused(400, 'Model Not Exist', 'invalid_request_error')],
    row: failure('unknown_model', 'invalid_request_error'),
  },
  {
    name: 'the question is longer than the context',
    sends: [
      refused(
        400,
        "This model's maximum context length is 65536 tokens. However, you requested 70000 tokens.",
        'invalid_request_error',
      ),
    ],
    row: failure('context_too_long', 'invalid_request_error'),
  },
  {
    name: 'a busy server passes after a pause',
    sends: [
      refused(
        503,
        'Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.',
        'service_unavailable_error',
      ),
      stream(chatChunks(MODEL)),
    ],
    row: { ...WHOLE, attempts: 2 },
  },
]);
