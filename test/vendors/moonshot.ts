/** Moonshot (Kimi): platform.moonshot.cn/docs. Its search takes a second request, with the arguments of the first. */
import { behavioursOf, CUT, chatBody, chatChunks, failure, json, PIECES, stream, TEXT, WHOLE } from './behaviour.ts';

const MODEL = 'kimi-k2-0905-preview';
const ARGUMENTS = '{"search_result":{"search_id":"0a1b"},"usage":{"total_tokens":8192}}';
const SEARCHES = {
  ...{ codec: 'openai-chat', path: '/v1', vendor: 'moonshot', model: MODEL },
  search: true,
  thinking: 'off',
};
const refused = (status: number, type: string, message: string) => json({ error: { type, message } }, status);
const usage = (input: number, output: number) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});

const callOf = (pieces: readonly string[]) => [
  {
    id: 'c',
    object: 'chat.completion.chunk',
    model: MODEL,
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
  },
  {
    ...{ id: 'c', object: 'chat.completion.chunk', model: MODEL },
    choices: [
      {
        index: 0,
        delta: {
          tool_calls: [
            { index: 0, id: 't_1', type: 'builtin_function', function: { name: '$web_search', arguments: '' } },
          ],
        },
        finish_reason: null,
      },
    ],
  },
  ...pieces.map((written) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    model: MODEL,
    choices: [
      { index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: written } }] }, finish_reason: null },
    ],
  })),
  {
    id: 'c',
    object: 'chat.completion.chunk',
    model: MODEL,
    choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls', usage: usage(30, 10) }],
  },
];

export const MOONSHOT = [
  ...behavioursOf('Moonshot search', SEARCHES, [
    {
      name: 'the arguments of the search come in pieces and go back unchanged; the answer is whole, and both requests are counted',
      sends: [
        stream(callOf([ARGUMENTS.slice(0, 20), ARGUMENTS.slice(20)])),
        stream(chatChunks(MODEL, { usage: usage(8_300, 50) })),
      ],
      asks: [
        { tools: [{ type: 'builtin_function', function: { name: '$web_search' } }], thinking: { type: 'disabled' } },
        {
          messages: [
            { role: 'user' },
            {
              role: 'assistant',
              tool_calls: [
                { id: 't_1', type: 'builtin_function', function: { name: '$web_search', arguments: ARGUMENTS } },
              ],
            },
            { role: 'tool', tool_call_id: 't_1', name: '$web_search', content: ARGUMENTS },
          ],
        },
      ],
      row: { ...WHOLE, search: true, attempts: 2, usage: { inputTokens: 8_330, outputTokens: 60, searchCalls: 1 } },
    },
    {
      name: 'the same in whole bodies',
      entry: { streaming: false },
      sends: [
        json(
          chatBody(
            MODEL,
            {
              content: '',
              tool_calls: [
                {
                  index: 0,
                  id: 't_1',
                  type: 'builtin_function',
                  function: { name: '$web_search', arguments: ARGUMENTS },
                },
              ],
            },
            { finish: 'tool_calls', usage: usage(30, 10) },
          ),
        ),
        json(chatBody(MODEL, { content: TEXT }, { usage: usage(8_300, 50) })),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the model does not search: one request is enough',
      sends: [stream(chatChunks(MODEL))],
      row: { ...WHOLE, attempts: 1, usage: null },
    },
    {
      name: 'the model never stops searching: the call ends as a failure, after a bounded number of requests',
      sends: [stream(callOf([ARGUMENTS]))],
      row: { ...failure('empty', 'unfinished_search'), attempts: 5 },
    },
    {
      name: 'the second request is refused for good',
      sends: [
        stream(callOf([ARGUMENTS])),
        refused(
          429,
          'exceeded_current_quota_error',
          'Your account is suspended due to insufficient balance, please recharge your account.',
        ),
      ],
      row: { ...failure('quota', 'exceeded_current_quota_error'), attempts: 2 },
    },
  ]),
  ...behavioursOf('Moonshot', { codec: 'openai-chat', path: '/v1', vendor: 'moonshot', model: MODEL }, [
    {
      name: 'a whole stream, with the tokens inside of the choice',
      sends: [
        stream([
          ...chatChunks(MODEL, { finish: null }),
          {
            id: 'c',
            model: MODEL,
            choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: { ...usage(20, 40), cached_tokens: 10 } }],
          },
        ]),
      ],
      row: { ...WHOLE, usage: { inputTokens: 20, outputTokens: 40, cachedTokens: 10 } },
    },
    {
      name: 'the answer reached the token limit',
      sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: 'length' }))],
      row: CUT,
    },
    {
      name: 'no balance, with the status of too many requests',
      sends: [
        refused(
          429,
          'exceeded_current_quota_error',
          'You exceeded your current token quota: 0, please check your account balance.',
        ),
      ],
      row: { ...failure('quota', 'exceeded_current_quota_error', { remedy: /top up/ }), attempts: 1 },
    },
    {
      name: 'an overloaded engine passes after a pause',
      sends: [
        refused(429, 'engine_overloaded_error', 'The engine is currently overloaded, please try again later'),
        stream(chatChunks(MODEL)),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'too many calls at once pass after the time that the message names',
      sends: [
        refused(
          429,
          'rate_limit_reached_error',
          'Your account org-1<ak-2> request reached max organization concurrency: 1, please try again after 1 seconds',
        ),
        stream(chatChunks(MODEL)),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the key is wrong',
      sends: [refused(401, 'invalid_authentication_error', 'Invalid Authentication')],
      row: failure('invalid_key', 'invalid_authentication_error', { remedy: /moonshot\.ai/ }),
    },
    {
      name: 'no such model',
      sends: [refused(404, 'resource_not_found_error', 'Not found the model kimi-9 or Permission denied')],
      row: failure('unknown_model', 'resource_not_found_error'),
    },
    {
      name: 'the question is unsafe',
      sends: [refused(400, 'content_filter', 'The request was rejected because it was considered high risk')],
      row: failure('content_safety', 'content_filter'),
    },
    {
      name: 'the question is too long',
      sends: [refused(400, 'invalid_request_error', 'Invalid request: Your request exceeded model token limit: 8192')],
      row: failure('context_too_long', 'invalid_request_error'),
    },
  ]),
];
