/** Volcengine Ark: chat and Responses of volcengine.com/docs/82379, its error table (/1299023), and its applications. */
import { behavioursOf, CUT, chatChunks, failure, json, namedStream, PIECES, stream, TEXT, WHOLE } from './behaviour.ts';

const MODEL = 'doubao-seed-1-6-250615';
const USAGE = {
  ...{ prompt_tokens: 20, completion_tokens: 40, total_tokens: 60 },
  ...{ prompt_tokens_details: { cached_tokens: 8 }, completion_tokens_details: { reasoning_tokens: 12 } },
};

const refused = (status: number, code: string, message: string, type: string) =>
  json({ error: { code, message: `${message} Request id: 0217`, param: '', type } }, status);

const searched = {
  ...{ id: 'resp_1', object: 'response', created_at: 1_764_000_000, model: MODEL, status: 'completed' },
  output: [
    {
      ...{ type: 'web_search_call', id: 'ws_1', status: 'completed' },
      action: { type: 'search', query: '2026 跑鞋 推荐' },
    },
    {
      ...{ type: 'message', role: 'assistant', status: 'completed', id: 'msg_1' },
      content: [
        {
          ...{ type: 'output_text', text: TEXT },
          annotations: [
            {
              ...{ type: 'url_citation', title: '跑鞋评测', url: 'https://www.runshoes-review.com/a' },
              ...{ site_name: '跑鞋评测网', publish_time: '2026-01-01', summary: '…' },
            },
          ],
        },
      ],
    },
  ],
  usage: {
    ...{ input_tokens: 2_000, output_tokens: 60, total_tokens: 2_060, input_tokens_details: { cached_tokens: 0 } },
    ...{ output_tokens_details: { reasoning_tokens: 0 }, tool_usage: { web_search: 1 } },
  },
};

export const ARK = [
  ...behavioursOf('Ark', { codec: 'openai-chat', path: '/api/v3', vendor: 'ark', model: MODEL }, [
    {
      name: 'a whole stream, with the tokens in its last event',
      sends: [stream(chatChunks(MODEL, { usage: USAGE }))],
      asks: [{ model: MODEL, messages: [{ role: 'user', content: '推荐几款跑鞋' }], stream: true }],
      asksAt: '/api/v3/chat/completions',
      row: {
        ...{ ...WHOLE, finish_word: 'stop', reported_model: MODEL, attempts: 1 },
        usage: { inputTokens: 20, outputTokens: 40, reasoningTokens: 12, cachedTokens: 8, searchCalls: null },
      },
    },
    {
      name: 'thinking is switched off, and a tier of service is asked for',
      entry: { thinking: 'off', serviceTier: 'default' },
      sends: [stream(chatChunks(MODEL))],
      asks: [{ thinking: { type: 'disabled' }, service_tier: 'default' }],
      row: WHOLE,
    },
    {
      name: 'the answer reached the token limit',
      sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: 'length' }))],
      row: { ...CUT, finish_word: 'length' },
    },
    {
      name: 'a thinking model spent all its tokens before the first word (R3)',
      sends: [
        stream([
          { choices: [{ delta: { role: 'assistant', reasoning_content: '用户想要……' }, index: 0 }], model: MODEL },
          { choices: [{ delta: { content: '' }, finish_reason: 'length', index: 0 }], model: MODEL, usage: USAGE },
        ]),
      ],
      row: {
        ...failure('empty', 'no_text_before_limit', { remedy: /thinking: off/, recoverable: true }),
        ...{ finish: 'cut_off', usage: { outputTokens: 40, reasoningTokens: 12 } },
      },
    },
    {
      name: 'the filter broke the answer off',
      sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: 'content_filter' }))],
      row: { status: 'partial', finish: 'filtered', response: PIECES[0] },
    },
    {
      name: 'the account is overdue (R10)',
      sends: [
        refused(
          403,
          'AccountOverdueError',
          'The request failed because your account has an overdue balance.',
          'Forbidden',
        ),
      ],
      row: failure('quota', 'AccountOverdueError', { recoverable: false, remedy: /bill/ }),
    },
    {
      name: 'a quota is used up, with the status of too many requests (R10)',
      sends: [
        refused(
          429,
          'QuotaExceeded',
          'Your account has exhausted its free trial quota for the model.',
          'TooManyRequests',
        ),
      ],
      row: { ...failure('quota', 'QuotaExceeded', { recoverable: false }), attempts: 1 },
    },
    {
      name: 'the safe limit of the model has paused it',
      sends: [
        refused(
          429,
          'SetLimitExceeded',
          'Your account has reached the set inference limit for the model, and the model service has been paused.',
          'TooManyRequests',
        ),
      ],
      row: { ...failure('quota', 'SetLimitExceeded'), attempts: 1 },
    },
    {
      name: 'too many tokens a minute pass after a pause',
      sends: [
        refused(
          429,
          'ModelAccountTpmRateLimitExceeded',
          'Request was rejected because TPM limit is exceeded.',
          'TooManyRequests',
        ),
        stream(chatChunks(MODEL)),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'an overloaded server passes after a pause, though its status says too many requests',
      sends: [
        refused(
          429,
          'ServerOverloaded',
          'The service is currently unable to handle additional requests due to server overload.',
          'TooManyRequests',
        ),
        stream(chatChunks(MODEL)),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the model is not activated',
      sends: [refused(404, 'ModelNotOpen', 'Your account 2100 has not activated the model doubao.', 'NotFound')],
      row: failure('unknown_model', 'ModelNotOpen', { remedy: /activate/ }),
    },
    {
      name: 'the endpoint does not exist',
      sends: [
        refused(
          404,
          'InvalidEndpointOrModel.NotFound',
          'The model or endpoint ep-1 does not exist or you do not have access to it.',
          'NotFound',
        ),
      ],
      row: failure('unknown_model', 'InvalidEndpointOrModel.NotFound'),
    },
    {
      name: 'the key is wrong',
      sends: [
        refused(
          401,
          'AuthenticationError',
          'the API key or AK/SK in the request is missing or invalid.',
          'Unauthorized',
        ),
      ],
      row: failure('invalid_key', 'AuthenticationError', { remedy: /API key/ }),
    },
    {
      name: 'the question is sensitive',
      sends: [
        refused(
          400,
          'InputTextSensitiveContentDetected',
          'The request failed because the input text may contain sensitive information.',
          'BadRequest',
        ),
      ],
      row: failure('content_safety', 'InputTextSensitiveContentDetected', { recoverable: false }),
    },
    {
      name: 'an error within the stream, after some text',
      sends: [
        stream([
          ...chatChunks(MODEL, { pieces: [PIECES[0]], finish: null }),
          {
            error: {
              code: 'InternalServiceError',
              message: 'The service encountered an unexpected internal error.',
              type: 'InternalServerError',
            },
          },
        ]),
      ],
      row: { ...CUT, finish_word: 'InternalServiceError' },
    },
  ]),
  ...behavioursOf(
    'Ark search',
    { codec: 'openai-responses', path: '/api/v3', vendor: 'ark', model: MODEL, search: true },
    [
      {
        name: 'a whole body with its query, its page and its count of searches',
        entry: { streaming: false },
        sends: [json(searched)],
        asks: [{ tools: [{ type: 'web_search' }], input: '推荐几款跑鞋' }],
        asksAt: '/api/v3/responses',
        row: {
          ...WHOLE,
          ...{ search: true, queries: ['2026 跑鞋 推荐'] },
          citations: [{ url: 'https://www.runshoes-review.com/a', title: '跑鞋评测', position: 1 }],
          usage: { inputTokens: 2_000, outputTokens: 60, searchCalls: 1 },
        },
      },
      {
        name: 'the same as a stream',
        sends: [
          namedStream([
            {
              type: 'response.created',
              response: { ...searched, status: 'in_progress', output: [], usage: null },
            } as never,
            { type: 'response.output_item.done', item: searched.output[0] } as never,
            { type: 'response.output_text.delta', delta: PIECES[0] } as never,
            { type: 'response.output_text.delta', delta: PIECES[1] } as never,
            { type: 'response.completed', response: searched } as never,
          ]),
        ],
        row: { ...WHOLE, queries: ['2026 跑鞋 推荐'], citations: [{ position: 1 }], usage: { searchCalls: 1 } },
      },
      {
        name: 'the limit of the answer, in the word of Ark',
        entry: { streaming: false },
        sends: [json({ ...searched, status: 'incomplete', incomplete_details: { reason: 'length' } })],
        row: { status: 'partial', finish: 'cut_off', finish_word: 'length', response: TEXT },
      },
    ],
  ),
  ...behavioursOf('Ark application', { codec: 'openai-chat', path: '/api/v3', vendor: 'ark', model: 'bot-20260101' }, [
    {
      name: 'an application with search gives its references and its own counts',
      sends: [
        stream(
          [
            ...chatChunks('bot-20260101', { pieces: [`${PIECES[0]}[1]`, PIECES[1]] }),
            {
              ...{ choices: [], model: 'bot-20260101' },
              references: [
                { url: 'https://zhuanlan.zhihu.com/p/1', title: '知乎', site_name: '知乎' },
                { url: 'https://www.smzdm.com/p/2', title: '什么值得买' },
              ],
              bot_usage: {
                model_usage: [{ prompt_tokens: 900, completion_tokens: 50, total_tokens: 950, name: 'doubao' }],
                action_usage: [{ name: 'content_plugin', count: 1 }],
              },
            },
          ],
          'data:[DONE]\n\n',
        ),
      ],
      asksAt: '/api/v3/bots/chat/completions',
      row: {
        ...{ status: 'whole', search: true },
        citations: [{ url: 'https://zhuanlan.zhihu.com/p/1', position: 1, spans: [{}] }],
        retrieved: [{ url: 'https://www.smzdm.com/p/2' }],
        usage: { inputTokens: 900, outputTokens: 50, searchCalls: 1 },
      },
    },
  ]),
];
