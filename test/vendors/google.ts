/** Google Gemini: ai.google.dev/api/generate-content, its grounding and its errors. */
import { behavioursOf, CUT, failure, json, PIECES, stream, TEXT, WHOLE } from './behaviour.ts';

const MODEL = 'gemini-2.5-flash';
const ENTRY = { codec: 'gemini', path: '/v1beta', vendor: 'google', model: MODEL };
const USAGE = { promptTokenCount: 20, candidatesTokenCount: 40, thoughtsTokenCount: 30, totalTokenCount: 90 };
const piece = (text: string, more: object = {}) => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 20, totalTokenCount: 20 },
  ...{ modelVersion: MODEL, responseId: 'r1' },
});
const ended = (finishReason: string, text = '', more: object = {}) => ({
  ...piece(text, { finishReason, ...more }),
  usageMetadata: USAGE,
});
const refused = (code: number, status: string, message: string, details: readonly object[] = []) =>
  json({ error: { code, message, status, details } }, code);
const REDIRECT = 'https://vertexaisearch.cloud.google.com/grounding-api-redirect/AUZIYQ';
const bytes = Buffer.byteLength(PIECES[0]);
const GROUNDING = {
  groundingMetadata: {
    ...{
      webSearchQueries: ['best running shoes 2026', '跑鞋推荐'],
      searchEntryPoint: { renderedContent: '<div></div>' },
    },
    groundingChunks: [
      { web: { uri: `${REDIRECT}1`, title: 'runshoes-review.com' } },
      { web: { uri: `${REDIRECT}2`, title: 'zhihu.com' } },
    ],
    groundingSupports: [
      { segment: { endIndex: bytes, text: PIECES[0] }, groundingChunkIndices: [1] },
      {
        segment: { startIndex: bytes, endIndex: Buffer.byteLength(TEXT), text: PIECES[1] },
        groundingChunkIndices: [1],
      },
    ],
  },
};
const quota = (quotaId: string) => [
  {
    '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
    violations: [{ quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests', quotaId }],
  },
  { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' },
];
const TOO_MANY = 'You exceeded your current quota, please check your plan and billing details.';

export const GOOGLE = behavioursOf('Gemini', ENTRY, [
  {
    name: 'a whole stream; thoughts are counted apart and are no text',
    sends: [
      stream(
        [
          { ...piece('用户想要'), candidates: [{ content: { parts: [{ text: '用户想要', thought: true }] } }] },
          piece(PIECES[0]),
          ended('STOP', PIECES[1]),
        ],
        '',
      ),
    ],
    asksAt: '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    asks: [
      { contents: [{ role: 'user', parts: [{ text: '推荐几款跑鞋' }] }], generationConfig: { maxOutputTokens: 1_024 } },
    ],
    row: {
      ...WHOLE,
      finish_word: 'STOP',
      usage: { inputTokens: 20, outputTokens: 70, reasoningTokens: 30 },
      reported_model: MODEL,
    },
  },
  {
    name: 'thinking is switched off, beside the limit of the answer',
    entry: { thinking: 'off', streaming: false },
    sends: [json(ended('STOP', TEXT))],
    asksAt: '/v1beta/models/gemini-2.5-flash:generateContent',
    asks: [{ generationConfig: { thinkingConfig: { thinkingBudget: 0 }, maxOutputTokens: 1_024 } }],
    row: WHOLE,
  },
  {
    name: 'grounding: queries, redirects with the domain behind them, places in bytes as places in the text, a page that was only found',
    entry: { search: true },
    sends: [stream([piece(PIECES[0]), piece(PIECES[1]), ended('STOP', '', GROUNDING)], '')],
    asks: [{ tools: [{ google_search: {} }] }],
    row: {
      ...{ ...WHOLE, search: true, queries: ['best running shoes 2026', '跑鞋推荐'], usage: { searchCalls: 2 } },
      citations: [
        {
          ...{ url: `${REDIRECT}2`, title: 'zhihu.com', site: 'zhihu.com', position: 1 },
          spans: [
            { start: 0, end: PIECES[0].length },
            { start: PIECES[0].length, end: TEXT.length },
          ],
        },
      ],
      retrieved: [{ url: `${REDIRECT}1`, site: 'runshoes-review.com' }],
    },
  },
  {
    name: 'the answer reached the token limit',
    sends: [stream([ended('MAX_TOKENS', PIECES[0])], '')],
    row: { ...CUT, finish_word: 'MAX_TOKENS' },
  },
  {
    name: 'all tokens went into thinking',
    sends: [
      stream(
        [
          {
            candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS', index: 0 }],
            usageMetadata: { promptTokenCount: 20, thoughtsTokenCount: 1_020 },
          },
        ],
        '',
      ),
    ],
    row: {
      ...failure('empty', 'no_text_before_limit', { remedy: /thinking: off/ }),
      usage: { outputTokens: 1_020, reasoningTokens: 1_020 },
    },
  },
  {
    name: 'the filter broke the answer off',
    sends: [
      stream(
        [
          piece(PIECES[0]),
          { candidates: [{ finishReason: 'SAFETY', index: 0, safetyRatings: [] }], usageMetadata: USAGE },
        ],
        '',
      ),
    ],
    row: { status: 'partial', finish: 'filtered', finish_word: 'SAFETY', response: PIECES[0] },
  },
  {
    name: 'the answer would recite a text, and was held back',
    sends: [stream([{ candidates: [{ finishReason: 'RECITATION', index: 0 }], usageMetadata: USAGE }], '')],
    row: { ...failure('content_safety', 'filtered'), finish: 'filtered' },
  },
  {
    name: 'the prompt was blocked, with status 200',
    sends: [
      stream([{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 20 } }], ''),
    ],
    row: failure('content_safety', 'PROHIBITED_CONTENT', { recoverable: false }),
  },
  {
    name: 'the stream ends without a finish word',
    sends: [stream([piece(PIECES[0])], '')],
    row: CUT,
  },
  {
    name: 'a gateway has dropped alt=sse: the events come as one list',
    sends: [json([piece(PIECES[0]), ended('STOP', PIECES[1])])],
    row: WHOLE,
  },
  {
    name: 'the requests of the day are used up: no pause helps',
    sends: [refused(429, 'RESOURCE_EXHAUSTED', TOO_MANY, quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier'))],
    row: { ...failure('quota', 'RESOURCE_EXHAUSTED', { remedy: /day/ }), attempts: 1 },
  },
  {
    name: 'the requests of the minute pass after the delay in the body, with the same words',
    sends: [
      refused(429, 'RESOURCE_EXHAUSTED', TOO_MANY, quota('GenerateRequestsPerMinutePerProjectPerModel-FreeTier')),
      json(ended('STOP', TEXT)),
    ],
    row: { ...WHOLE, attempts: 2 },
  },
  {
    name: 'the key is wrong, as an invalid argument',
    sends: [
      refused(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
      ]),
    ],
    row: failure('invalid_key', 'API_KEY_INVALID', { remedy: /aistudio/ }),
  },
  {
    name: 'no such model',
    sends: [
      refused(
        404,
        'NOT_FOUND',
        'models/gemini-9 is not found for API version v1beta, or is not supported for generateContent.',
      ),
    ],
    row: failure('unknown_model', 'NOT_FOUND'),
  },
  {
    name: 'the country is not served',
    sends: [refused(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.')],
    row: failure('invalid_request', 'FAILED_PRECONDITION', { remedy: /country/ }),
  },
  {
    name: 'an overloaded model passes after a pause',
    sends: [refused(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'), json(ended('STOP', TEXT))],
    row: { ...WHOLE, attempts: 2 },
  },
]);
