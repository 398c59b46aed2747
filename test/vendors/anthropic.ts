/** Anthropic: docs.anthropic.com/en/api/messages, its stream, its errors and its web search. */
import { behavioursOf, CUT, failure, json, namedStream, PIECES, TEXT, WHOLE } from './behaviour.ts';

const MODEL = 'claude-sonnet-4-5-20250929';
const ENTRY = { codec: 'anthropic-messages', path: '/v1', vendor: 'anthropic', model: 'claude-sonnet-4-5' };
const refused = (status: number, type: string, message: string, headers = {}) =>
  json({ type: 'error', error: { type, message }, request_id: 'req_1' }, status, headers);

const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: MODEL,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 20, cache_creation_input_tokens: 0, cache_read_input_tokens: 8, output_tokens: 1 },
  },
};
const textBlock = (index: number, ...deltas: readonly object[]) => [
  { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];
const said = (text: string) => ({ type: 'text_delta', text });
const end = (stop_reason: string, usage: object = { output_tokens: 40 }) => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
  { type: 'message_stop' },
];
const CITATION = {
  type: 'web_search_result_location',
  url: 'https://www.runshoes-review.com/a',
  title: 'Review',
  encrypted_index: 'Eo8B',
  cited_text: '云步',
};
const RESULT = {
  type: 'web_search_result',
  url: 'https://www.runshoes-review.com/a',
  title: 'Review',
  encrypted_content: 'EqgfCio',
  page_age: 'April 30, 2025',
};
const OTHER = {
  type: 'web_search_result',
  url: 'https://shop.test/b',
  title: 'Shop',
  encrypted_content: 'Eqg2',
  page_age: null,
};
const search = [
  {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
  },
  { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"query": "best ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: 'running shoes"}' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [RESULT, OTHER] },
  },
  { type: 'content_block_stop', index: 1 },
];
const USED = {
  input_tokens: 8_000,
  cache_read_input_tokens: 0,
  output_tokens: 90,
  server_tool_use: { web_search_requests: 1 },
};

export const ANTHROPIC = [
  ...behavioursOf('Anthropic', ENTRY, [
    {
      name: 'a whole stream; what was cached is part of the input',
      sends: [namedStream([start, ...textBlock(0, said(PIECES[0]), said(PIECES[1])), ...end('end_turn')])],
      asks: [{ max_tokens: 1_024, stream: true, messages: [{ role: 'user', content: '推荐几款跑鞋' }] }],
      asksAt: '/v1/messages',
      row: { ...WHOLE, finish_word: 'end_turn', usage: { inputTokens: 28, outputTokens: 40, cachedTokens: 8 } },
    },
    {
      name: 'thinking is switched off, and a tier of service is asked for',
      entry: { thinking: 'off', serviceTier: 'standard_only', streaming: false },
      sends: [
        json({
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: MODEL,
          content: [{ type: 'text', text: TEXT }],
          stop_reason: 'end_turn',
          usage: { input_tokens: 20, output_tokens: 40 },
        }),
      ],
      asks: [{ thinking: { type: 'disabled' }, service_tier: 'standard_only' }],
      row: WHOLE,
    },
    {
      name: 'the answer reached the token limit',
      sends: [namedStream([start, ...textBlock(0, said(PIECES[0])), ...end('max_tokens')])],
      row: { ...CUT, finish_word: 'max_tokens' },
    },
    {
      name: 'the context is full',
      sends: [namedStream([start, ...textBlock(0, said(PIECES[0])), ...end('model_context_window_exceeded')])],
      row: CUT,
    },
    {
      name: 'the model refuses in the middle',
      sends: [namedStream([start, ...textBlock(0, said(PIECES[0])), ...end('refusal')])],
      row: { status: 'partial', finish: 'refused', response: PIECES[0] },
    },
    {
      name: 'the model refuses at once',
      sends: [namedStream([start, ...end('refusal')])],
      row: { ...failure('refused', 'refused', { recoverable: false }), finish: 'refused' },
    },
    {
      name: 'the connection is closed inside of a block',
      sends: [
        namedStream(
          [
            start,
            { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
            { type: 'content_block_delta', index: 0, delta: said(PIECES[0]) },
          ] as never,
          'break',
        ),
      ],
      row: CUT,
    },
    {
      name: 'an overload within the stream, after some text',
      sends: [
        namedStream([
          start,
          ...textBlock(0, said(PIECES[0])),
          { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
        ] as never),
      ],
      row: { ...CUT, finish_word: 'overloaded_error' },
    },
    {
      name: 'the credit is used up, as an invalid request (R10)',
      sends: [
        refused(
          400,
          'invalid_request_error',
          'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
        ),
      ],
      row: failure('quota', 'invalid_request_error', { recoverable: false, remedy: /credit/ }),
    },
    {
      name: 'the prompt is too long',
      sends: [refused(400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum')],
      row: failure('context_too_long', 'invalid_request_error'),
    },
    {
      name: 'no such model',
      sends: [refused(404, 'not_found_error', 'model: claude-9')],
      row: failure('unknown_model', 'not_found_error'),
    },
    {
      name: 'the key is wrong',
      sends: [refused(401, 'authentication_error', 'invalid x-api-key')],
      row: failure('invalid_key', 'authentication_error', { remedy: /console\.anthropic\.com/ }),
    },
    {
      name: 'too many requests pass after the seconds that Retry-After names',
      sends: [
        refused(
          429,
          'rate_limit_error',
          'This request would exceed your organization’s rate limit of 50 requests per minute.',
          {
            'retry-after': '1',
            'anthropic-ratelimit-requests-remaining': '0',
            'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:01Z',
          },
        ),
        namedStream([start, ...textBlock(0, said(TEXT)), ...end('end_turn')]),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'an overloaded server passes after a pause',
      sends: [
        refused(529, 'overloaded_error', 'Overloaded'),
        namedStream([start, ...textBlock(0, said(TEXT)), ...end('end_turn')]),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
  ]),
  ...behavioursOf('Anthropic search', { ...ENTRY, search: true }, [
    {
      name: 'a stream with its query, a citation over the text of its block, and a page that was only found',
      sends: [
        namedStream([
          start,
          ...search,
          ...textBlock(2, said(PIECES[0])),
          ...textBlock(3, { type: 'citations_delta', citation: CITATION }, said(PIECES[1])),
          ...end('end_turn', USED),
        ] as never),
      ],
      asks: [{ tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 5 }] }],
      row: {
        ...{ ...WHOLE, search: true, queries: ['best running shoes'] },
        citations: [
          {
            url: 'https://www.runshoes-review.com/a',
            title: 'Review',
            position: 1,
            spans: [{ start: PIECES[0].length, end: TEXT.length }],
          },
        ],
        retrieved: [{ url: 'https://shop.test/b', title: 'Shop' }],
        usage: { inputTokens: 8_000, outputTokens: 90, searchCalls: 1 },
      },
    },
    {
      name: 'the turn is paused: its blocks go back, and the answer goes on from there (R4)',
      sends: [
        namedStream([start, ...search, ...textBlock(2, said(PIECES[0])), ...end('pause_turn', USED)] as never),
        namedStream([start, ...textBlock(0, said(PIECES[1])), ...end('end_turn', { output_tokens: 20 })] as never),
      ],
      asks: [
        {},
        {
          messages: [
            { role: 'user' },
            {
              role: 'assistant',
              content: [
                { type: 'server_tool_use', id: 'srvtoolu_1', input: { query: 'best running shoes' } },
                { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [RESULT, OTHER] },
                { type: 'text', text: PIECES[0] },
              ],
            },
          ],
        },
      ],
      row: { ...WHOLE, attempts: 2, queries: ['best running shoes'], usage: { inputTokens: 8_028, outputTokens: 110 } },
    },
    {
      name: 'the search fails inside of the answer: nothing was found, and the answer is whole',
      sends: [
        namedStream([
          start,
          {
            type: 'content_block_start',
            index: 0,
            content_block: {
              type: 'web_search_tool_result',
              tool_use_id: 'srvtoolu_1',
              content: { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' },
            },
          },
          { type: 'content_block_stop', index: 0 },
          ...textBlock(1, said(TEXT)),
          ...end('end_turn'),
        ] as never),
      ],
      row: { ...WHOLE, citations: [], retrieved: [] },
    },
  ]),
];
