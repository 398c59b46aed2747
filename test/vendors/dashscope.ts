/** Alibaba DashScope: its own format and its compatible chat, of help.aliyun.com/zh/model-studio. */
import { behavioursOf, CUT, chatChunks, failure, json, PIECES, stream, TEXT, WHOLE } from './behaviour.ts';
import type { Sent } from './stand-in.ts';

const MODEL = 'qwen-plus';
const NATIVE = { codec: 'dashscope-native', path: '/api/v1', vendor: 'dashscope', model: MODEL };

interface Generation {
  readonly content: string;
  readonly finish?: string;
  readonly more?: object;
  readonly usage?: object;
}

const generation = ({ content, finish = 'null', more = {}, usage }: Generation) => ({
  output: { choices: [{ message: { content, role: 'assistant' }, finish_reason: finish }], ...more },
  usage: usage ?? {
    total_tokens: 30,
    input_tokens: 20,
    output_tokens: 10,
    prompt_tokens_details: { cached_tokens: 0 },
  },
  request_id: 'b5d1-4c3f',
});

/** Frames as DashScope writes them: a number, a name, the status as a comment, no blank after the colons. */
function frames(events: readonly unknown[], then: Sent['then'] = 'end'): Sent {
  const body = events.map(
    (event, n) => `id:${n + 1}\nevent:result\n:HTTP_STATUS/200\ndata:${JSON.stringify(event)}\n\n`,
  );
  return { headers: { 'content-type': 'text/event-stream;charset=UTF-8' }, body, then };
}

const refused = (status: number, code: string, message: string) =>
  json({ code, message, request_id: 'b5d1-4c3f' }, status);

const RESULTS = [
  { index: 1, title: '跑鞋评测', url: 'https://www.runshoes-review.com/a', site_name: '跑鞋评测网', icon: '' },
  { index: 2, title: '知乎', url: 'https://zhuanlan.zhihu.com/p/1', site_name: '知乎', icon: '' },
];

export const DASHSCOPE = [
  ...behavioursOf('DashScope', NATIVE, [
    {
      name: 'a whole stream, whose finish word is the text "null" until the end',
      sends: [
        frames([
          generation({ content: PIECES[0] }),
          generation({ content: PIECES[1] }),
          generation({ content: '', finish: 'stop' }),
        ]),
      ],
      asks: [
        { parameters: { result_format: 'message', incremental_output: true }, input: { messages: [{ role: 'user' }] } },
      ],
      asksAt: '/api/v1/services/aigc/text-generation/generation',
      row: { ...WHOLE, usage: { inputTokens: 20, outputTokens: 10, cachedTokens: 0 } },
    },
    {
      name: 'search: the marked pages are cited, the others were only found',
      entry: { search: true },
      sends: [
        frames([
          generation({ content: `${PIECES[0]}[2]`, more: { search_info: { search_results: RESULTS } } }),
          generation({
            content: PIECES[1],
            finish: 'stop',
            usage: { input_tokens: 900, output_tokens: 30, plugins: { search: { count: 1, strategy: 'turbo' } } },
          }),
        ]),
      ],
      asks: [
        {
          parameters: {
            enable_search: true,
            search_options: { enable_source: true, enable_citation: true, citation_format: '[<number>]' },
          },
        },
      ],
      row: {
        ...{ status: 'whole', search: true, response: `${PIECES[0]}[2]${PIECES[1]}` },
        citations: [
          {
            url: 'https://zhuanlan.zhihu.com/p/1',
            title: '知乎',
            position: 2,
            spans: [{ start: PIECES[0].length, end: PIECES[0].length + 3 }],
          },
        ],
        retrieved: [{ url: 'https://www.runshoes-review.com/a' }],
        usage: { inputTokens: 900, searchCalls: 1 },
      },
    },
    {
      name: 'search without markers: all listed pages are the answer’s',
      entry: { search: true, streaming: false },
      sends: [json(generation({ content: TEXT, finish: 'stop', more: { search_info: { search_results: RESULTS } } }))],
      row: { ...WHOLE, citations: [{ position: 1 }, { position: 2 }], retrieved: [] },
    },
    {
      name: 'thinking is switched off among the parameters',
      entry: { thinking: 'off' },
      sends: [frames([generation({ content: TEXT, finish: 'stop' })])],
      asks: [{ parameters: { enable_thinking: false, result_format: 'message' } }],
      row: WHOLE,
    },
    {
      name: 'thoughts come before the text, and are counted',
      sends: [
        frames([
          {
            output: {
              choices: [
                { message: { content: '', reasoning_content: '用户想要', role: 'assistant' }, finish_reason: 'null' },
              ],
            },
            usage: {},
          },
          generation({
            content: TEXT,
            finish: 'stop',
            usage: { input_tokens: 20, output_tokens: 80, output_tokens_details: { reasoning_tokens: 50 } },
          }),
        ]),
      ],
      row: { ...WHOLE, usage: { outputTokens: 80, reasoningTokens: 50 } },
    },
    {
      name: 'the answer reached the token limit',
      sends: [frames([generation({ content: PIECES[0], finish: 'length' })])],
      row: { ...CUT, finish_word: 'length' },
    },
    {
      name: 'the stream ends without a finish word',
      sends: [frames([generation({ content: PIECES[0] })])],
      row: { ...CUT, finish_word: null },
    },
    {
      name: 'the inspection breaks the answer off by an error within the stream',
      sends: [
        {
          headers: { 'content-type': 'text/event-stream;charset=UTF-8' },
          body: [
            `id:1\nevent:result\n:HTTP_STATUS/200\ndata:${JSON.stringify(generation({ content: PIECES[0] }))}\n\n`,
            'id:2\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"DataInspectionFailed","message":"Output data may contain inappropriate content.","request_id":"b5d1"}\n\n',
          ],
        },
      ],
      row: { status: 'partial', finish: 'filtered', finish_word: 'DataInspectionFailed', response: PIECES[0] },
    },
    {
      name: 'an error with status 200 and nothing else',
      sends: [
        {
          headers: { 'content-type': 'text/event-stream;charset=UTF-8' },
          body: 'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded, please try again later.","request_id":"b5d1"}\n\n',
        },
        frames([generation({ content: TEXT, finish: 'stop' })]),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the question is inspected and refused',
      sends: [refused(400, 'DataInspectionFailed', 'Input data may contain inappropriate content.')],
      row: failure('content_safety', 'DataInspectionFailed'),
    },
    {
      name: 'the account is in arrears',
      sends: [refused(400, 'Arrearage', 'Access denied, please make sure your account is in good standing.')],
      row: failure('quota', 'Arrearage', { remedy: /bill/ }),
    },
    {
      name: 'only the free tier is allowed, and it is used up',
      sends: [refused(403, 'AllocationQuota.FreeTierOnly', 'The free tier of the model has been exhausted.')],
      row: failure('quota', 'AllocationQuota.FreeTierOnly', { remedy: /free tier only/ }),
    },
    {
      name: 'tokens a minute are named a quota, and pass after a pause',
      sends: [
        refused(429, 'Throttling.AllocationQuota', 'Allocated quota exceeded, please increase your quota limit.'),
        frames([generation({ content: TEXT, finish: 'stop' })]),
      ],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the key is wrong',
      sends: [refused(401, 'InvalidApiKey', 'Invalid API-key provided.')],
      row: failure('invalid_key', 'InvalidApiKey', { remedy: /region/ }),
    },
    {
      name: 'the model is not activated',
      sends: [
        refused(
          403,
          'AccessDenied.Unpurchased',
          'Access to model denied. Please make sure you are eligible for using the model.',
        ),
      ],
      row: failure('unknown_model', 'AccessDenied.Unpurchased'),
    },
    {
      name: 'the question is too long',
      sends: [refused(400, 'InvalidParameter', 'Range of input length should be [1, 30720]')],
      row: failure('context_too_long', 'InvalidParameter'),
    },
  ]),
  ...behavioursOf(
    'DashScope compatible',
    { codec: 'openai-chat', path: '/compatible-mode/v1', vendor: 'dashscope', model: MODEL },
    [
      {
        name: 'tokens a minute have the code of a spent quota elsewhere, and pass after a pause',
        sends: [
          json(
            {
              error: {
                message: 'You exceeded your current quota, please check your plan and billing details.',
                type: 'insufficient_quota',
                param: null,
                code: 'insufficient_quota',
              },
            },
            429,
          ),
          stream(chatChunks(MODEL)),
        ],
        row: { ...WHOLE, attempts: 2 },
      },
      {
        name: 'no such model',
        sends: [
          json(
            {
              error: {
                message: 'The model `qwen-9` does not exist or you do not have access to it.',
                type: 'invalid_request_error',
                param: null,
                code: 'model_not_found',
              },
            },
            404,
          ),
        ],
        row: failure('unknown_model', 'model_not_found'),
      },
    ],
  ),
];
