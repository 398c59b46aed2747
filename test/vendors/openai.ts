/** OpenAI: platform.openai.com/docs/api-reference, chat completions and Responses with web search. */
import {
  behavioursOf,
  CUT,
  chatBody,
  chatChunks,
  failure,
  json,
  namedStream,
  PIECES,
  stream,
  TEXT,
  WHOLE,
} from './behaviour.ts';

const MODEL = 'gpt-5.1-2025-11-13';
const refused = (status: number, code: string | null, message: string, type: string, headers = {}) =>
  json({ error: { message, type, param: null, code } }, status, headers);

/** The text of the second item, in characters. */
const from = [...PIECES[0]].length;
const CITATION = {
  type: 'url_citation',
  start_index: from,
  end_index: from + 10,
  url: 'https://www.runshoes-review.com/a?utm_source=openai',
  title: 'Review',
};
const SEARCH = {
  ...{ id: 'ws_1', type: 'web_search_call', status: 'completed' },
  action: {
    ...{ type: 'search', query: 'best running shoes', queries: ['best running shoes', '跑鞋 推荐 2026'] },
    sources: [
      { type: 'url', url: 'https://www.runshoes-review.com/a?utm_source=openai' },
      { type: 'url', url: 'https://shop.test/b' },
    ],
  },
};
const responseOf = (more: object = {}) => ({
  ...{
    id: 'resp_1',
    object: 'response',
    created_at: 1_764_000_000,
    model: MODEL,
    status: 'completed',
    error: null,
    incomplete_details: null,
  },
  output: [
    { id: 'rs_1', type: 'reasoning', summary: [] },
    SEARCH,
    {
      id: 'ws_2',
      type: 'web_search_call',
      status: 'completed',
      action: { type: 'open_page', url: 'https://www.runshoes-review.com/a' },
    },
    {
      id: 'msg_1',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: TEXT, annotations: [CITATION], logprobs: [] }],
    },
  ],
  usage: {
    input_tokens: 300,
    input_tokens_details: { cached_tokens: 100 },
    output_tokens: 90,
    output_tokens_details: { reasoning_tokens: 40 },
    total_tokens: 390,
  },
  ...more,
});
const began = [
  { type: 'response.created', response: responseOf({ status: 'in_progress', output: [], usage: null }) },
  { type: 'response.in_progress', response: responseOf({ status: 'in_progress', output: [], usage: null }) },
];
const written = [
  { type: 'response.web_search_call.searching', item_id: 'ws_1', output_index: 1 },
  { type: 'response.output_item.done', output_index: 1, item: SEARCH },
  {
    type: 'response.content_part.added',
    item_id: 'msg_1',
    output_index: 3,
    content_index: 0,
    part: { type: 'output_text', text: '', annotations: [] },
  },
  { type: 'response.output_text.delta', item_id: 'msg_1', delta: PIECES[0] },
];
const RESPONSES = { codec: 'openai-responses', path: '/v1', vendor: 'openai', model: 'gpt-5.1' };

export const OPENAI = [
  ...behavioursOf('OpenAI search', { ...RESPONSES, search: true }, [
    {
      name: 'a stream with two queries, a cited page with its place in the text, and a page that was only found',
      entry: { thinking: 'low', serviceTier: 'priority' },
      sends: [
        namedStream([
          ...began,
          ...written,
          { type: 'response.output_text.delta', item_id: 'msg_1', delta: PIECES[1] },
          {
            type: 'response.output_text.annotation.added',
            item_id: 'msg_1',
            annotation_index: 0,
            annotation: CITATION,
          },
          { type: 'response.output_text.done', item_id: 'msg_1', text: TEXT },
          { type: 'response.completed', response: responseOf() },
        ] as never),
      ],
      asks: [
        {
          tools: [{ type: 'web_search' }],
          include: ['web_search_call.action.sources'],
          reasoning: { effort: 'low' },
          service_tier: 'priority',
          stream: true,
        },
      ],
      asksAt: '/v1/responses',
      row: {
        ...{ ...WHOLE, search: true, queries: ['best running shoes', '跑鞋 推荐 2026'], reported_model: MODEL },
        citations: [
          {
            url: CITATION.url,
            title: 'Review',
            position: 1,
            spans: [{ start: PIECES[0].length, end: PIECES[0].length + 10 }],
          },
        ],
        retrieved: [{ url: 'https://shop.test/b' }],
        usage: { inputTokens: 300, outputTokens: 90, reasoningTokens: 40, cachedTokens: 100, searchCalls: 1 },
      },
    },
    {
      name: 'the same as a whole body',
      entry: { streaming: false },
      sends: [json(responseOf())],
      row: { ...WHOLE, citations: [{ spans: [{ start: PIECES[0].length }] }], usage: { searchCalls: 1 } },
    },
  ]),
  ...behavioursOf('OpenAI Responses', RESPONSES, [
    {
      name: 'the answer reached the token limit',
      sends: [
        namedStream([
          ...began,
          ...written,
          {
            type: 'response.incomplete',
            response: responseOf({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }),
          },
        ] as never),
      ],
      row: { ...CUT, finish_word: 'max_output_tokens' },
    },
    {
      name: 'all tokens went into thinking',
      entry: { streaming: false },
      sends: [
        json(
          responseOf({
            status: 'incomplete',
            incomplete_details: { reason: 'max_output_tokens' },
            output: [{ id: 'rs_1', type: 'reasoning', summary: [] }],
          }),
        ),
      ],
      row: { ...failure('empty', 'no_text_before_limit', { remedy: /maxTokens/ }), usage: { reasoningTokens: 40 } },
    },
    {
      name: 'the filter broke the answer off',
      sends: [
        namedStream([
          ...began,
          ...written,
          {
            type: 'response.incomplete',
            response: responseOf({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }),
          },
        ] as never),
      ],
      row: { status: 'partial', finish: 'filtered' },
    },
    {
      name: 'the model refuses: its words are no answer (R3)',
      entry: { streaming: false },
      sends: [
        json(
          responseOf({
            output: [
              {
                id: 'msg_1',
                type: 'message',
                role: 'assistant',
                status: 'completed',
                content: [{ type: 'refusal', refusal: 'I can’t help with that.' }],
              },
            ],
          }),
        ),
      ],
      row: { ...failure('refused', 'refused', { recoverable: false }), finish: 'refused' },
    },
    {
      name: 'the response fails after some text',
      sends: [
        namedStream([
          ...began,
          ...written,
          {
            type: 'response.failed',
            response: responseOf({
              status: 'failed',
              error: { code: 'server_error', message: 'The model failed to generate a response.' },
            }),
          },
        ] as never),
      ],
      row: { ...CUT, finish_word: 'failed' },
    },
    {
      name: 'an error event before any text passes after a pause',
      sends: [
        namedStream([
          ...began,
          {
            type: 'error',
            code: 'rate_limit_exceeded',
            message: 'Rate limit reached for gpt-5.1. Please try again in 20ms.',
            param: null,
            sequence_number: 2,
          },
        ] as never),
        json(responseOf()),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the stream ends without its last event',
      sends: [namedStream([...began, ...written] as never)],
      row: { ...CUT, finish_word: null },
    },
  ]),
  ...behavioursOf(
    'OpenAI chat',
    { codec: 'openai-chat', path: '/v1', vendor: 'openai', model: 'gpt-4.1', maxTokensField: 'max_completion_tokens' },
    [
      {
        name: 'a whole stream; the limit has its newer name',
        sends: [stream(chatChunks('gpt-4.1', { usage: { prompt_tokens: 20, completion_tokens: 40 } }))],
        asks: [{ max_completion_tokens: 1_024, stream_options: { include_usage: true } }],
        row: WHOLE,
      },
      {
        name: 'a refusal in place of the content (R3)',
        entry: { streaming: false },
        sends: [json(chatBody('gpt-4.1', { content: null, refusal: 'I’m sorry, I can’t assist with that.' }))],
        row: { ...failure('refused', 'refused'), finish: 'refused' },
      },
      {
        name: 'no choices (R3)',
        entry: { streaming: false },
        sends: [json({ ...(chatBody('gpt-4.1', {}) as object), choices: [] })],
        row: failure('empty', 'no_text', { recoverable: true }),
      },
      {
        name: 'a body without a finish word: nobody knows whether the answer is whole',
        entry: { streaming: false },
        sends: [json(chatBody('gpt-4.1', { content: TEXT }, { finish: null }))],
        row: { status: 'partial', finish: 'unknown', response: TEXT },
      },
      {
        name: 'a finish word that is not known',
        sends: [stream(chatChunks('gpt-4.1', { finish: 'eureka' }))],
        row: { status: 'partial', finish: 'unknown', finish_word: 'eureka' },
      },
      {
        name: 'the quota is used up, with the status of too many requests',
        sends: [
          refused(
            429,
            'insufficient_quota',
            'You exceeded your current quota, please check your plan and billing details.',
            'insufficient_quota',
          ),
        ],
        row: { ...failure('quota', 'insufficient_quota', { remedy: /billing/ }), attempts: 1 },
      },
      {
        name: 'too many requests pass after the milliseconds that the header names',
        sends: [
          refused(429, 'rate_limit_exceeded', 'Rate limit reached for requests', 'requests', {
            'retry-after-ms': '150',
            'retry-after': '1',
            'x-ratelimit-remaining-requests': '0',
            'x-ratelimit-reset-requests': '150ms',
          }),
          stream(chatChunks('gpt-4.1')),
        ],
        row: { ...WHOLE, attempts: 2 },
      },
      {
        name: 'a limit that resets after the deadline: the call is given up at once',
        sends: [
          refused(429, 'rate_limit_exceeded', 'Rate limit reached for requests', 'requests', {
            'x-ratelimit-remaining-requests': '0',
            'x-ratelimit-reset-requests': '6m0s',
          }),
        ],
        row: {
          ...failure('rate_limit', 'rate_limit_exceeded', { recoverable: true, remedy: /requestsPerSecond/ }),
          attempts: 1,
        },
      },
      {
        name: 'the key is wrong, and the message repeats it',
        sends: [
          refused(401, 'invalid_api_key', 'Incorrect API key provided: sk-abcdef123456.', 'invalid_request_error'),
        ],
        row: failure('invalid_key', 'invalid_api_key', { error_message: /\[key\]/ }),
      },
      {
        name: 'no such model',
        sends: [
          refused(
            404,
            'model_not_found',
            'The model `gpt-9` does not exist or you do not have access to it.',
            'invalid_request_error',
          ),
        ],
        row: failure('unknown_model', 'model_not_found'),
      },
      {
        name: 'the question is longer than the context',
        sends: [
          refused(
            400,
            'context_length_exceeded',
            "This model's maximum context length is 128000 tokens.",
            'invalid_request_error',
          ),
        ],
        row: failure('context_too_long', 'context_length_exceeded'),
      },
      {
        name: 'an overloaded engine passes after a pause',
        sends: [
          refused(503, null, 'The engine is currently overloaded, please try again later', 'server_error'),
          stream(chatChunks('gpt-4.1')),
        ],
        row: { ...WHOLE, attempts: 2 },
      },
    ],
  ),
];
