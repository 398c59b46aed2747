/** Zhipu BigModel: docs.bigmodel.cn. Codes are numbers as text; the pages of its search stand beside the choices. */
import { behavioursOf, CUT, chatBody, chatChunks, failure, json, PIECES, stream, TEXT, WHOLE } from './behaviour.ts';

const MODEL = 'glm-4.6';
const USAGE = {
  prompt_tokens: 20,
  completion_tokens: 40,
  total_tokens: 60,
  prompt_tokens_details: { cached_tokens: 4 },
};
const refused = (status: number, code: string, message: string) => json({ error: { code, message } }, status);
const PAGES = [
  {
    title: '跑鞋评测',
    link: 'https://www.runshoes-review.com/a',
    media: '跑鞋评测网',
    content: '…',
    icon: '',
    refer: 'ref_1',
    publish_date: '2026-01-01',
  },
  { title: '知乎', link: 'https://zhuanlan.zhihu.com/p/1', media: '知乎', content: '…', icon: '', refer: 'ref_2' },
];

export const ZHIPU = behavioursOf(
  'Zhipu',
  { codec: 'openai-chat', path: '/api/paas/v4', vendor: 'zhipu', model: MODEL },
  [
    {
      name: 'a whole stream, with the tokens in its last event',
      entry: { thinking: 'off' },
      sends: [
        stream([
          ...chatChunks(MODEL, { finish: null }),
          {
            id: '1',
            choices: [{ index: 0, finish_reason: 'stop', delta: { role: 'assistant', content: '' } }],
            usage: USAGE,
          },
        ]),
      ],
      asks: [{ thinking: { type: 'disabled' } }],
      row: { ...WHOLE, usage: { inputTokens: 20, outputTokens: 40, cachedTokens: 4 } },
    },
    {
      name: 'search: its pages, of which the text marks one',
      entry: { search: true },
      sends: [
        json(
          chatBody(
            MODEL,
            { content: `${TEXT}[ref_2]` },
            { usage: USAGE, more: { web_search: PAGES, request_id: '1' } },
          ),
        ),
      ],
      asks: [{ tools: [{ type: 'web_search', web_search: { enable: true, search_result: true } }] }],
      row: {
        ...{ status: 'whole', search: true, usage: { searchCalls: 1 } },
        citations: [{ url: 'https://zhuanlan.zhihu.com/p/1', position: 2 }],
        retrieved: [{ url: 'https://www.runshoes-review.com/a', title: '跑鞋评测' }],
      },
    },
    {
      name: 'search, whose pages come in whole bodies only: the call is not streamed',
      entry: { search: true },
      sends: [json(chatBody(MODEL, { content: TEXT }, { more: { web_search: PAGES } }))],
      row: { ...WHOLE, citations: [{ position: 1 }, { position: 2 }] },
    },
    {
      name: 'sensitive content broke the answer off (R4)',
      sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: 'sensitive' }))],
      row: { status: 'partial', finish: 'filtered', finish_word: 'sensitive', response: PIECES[0] },
    },
    {
      name: 'the inference broke down (R4)',
      sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: 'network_error' }))],
      row: { ...CUT, finish_word: 'network_error' },
    },
    {
      name: 'the context is full',
      sends: [stream(chatChunks(MODEL, { pieces: [PIECES[0]], finish: 'model_context_window_exceeded' }))],
      row: { ...CUT, finish_word: 'model_context_window_exceeded' },
    },
    {
      name: 'the inference broke down before the first word, and a second attempt helps',
      input: { attempts: 2 },
      sends: [stream(chatChunks(MODEL, { pieces: [], finish: 'network_error' })), stream(chatChunks(MODEL))],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the account is in arrears, with the status of too many requests',
      sends: [refused(429, '1113', '您的账户已欠费，请充值后重试。')],
      row: { ...failure('quota', '1113', { recoverable: false, remedy: /top up/ }), attempts: 1 },
    },
    {
      name: 'too many calls at once pass after a pause',
      sends: [refused(429, '1302', '您的账户已达到速率限制，请您控制请求频率'), stream(chatChunks(MODEL))],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the model is busy, and passes after a pause',
      sends: [refused(429, '1305', '该模型当前访问量过大，请您稍后再试'), stream(chatChunks(MODEL))],
      row: { ...WHOLE, attempts: 2 },
    },
    {
      name: 'the day’s calls are used up: no pause helps',
      sends: [refused(429, '1304', '该 API 今日调用次数已达上限，如有更多需求请联系客服购买')],
      row: { ...failure('quota', '1304'), attempts: 1 },
    },
    {
      name: 'the question is unsafe',
      sends: [
        refused(
          400,
          '1301',
          '系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。',
        ),
      ],
      row: failure('content_safety', '1301'),
    },
    {
      name: 'no such model',
      sends: [refused(400, '1211', '模型不存在，请检查模型代码。')],
      row: failure('unknown_model', '1211'),
    },
    {
      name: 'the question is too long',
      sends: [refused(400, '1261', 'Prompt 超长')],
      row: failure('context_too_long', '1261'),
    },
    {
      name: 'the key is wrong',
      sends: [refused(401, '1000', '身份验证失败。')],
      row: failure('invalid_key', '1000'),
    },
    {
      name: 'an error with status 200, in the older shape',
      sends: [json({ code: 1301, msg: '系统检测到输入或生成内容可能包含不安全或敏感内容', success: false })],
      row: failure('content_safety', '1301'),
    },
  ],
);
