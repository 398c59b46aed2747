/** Perplexity: docs.perplexity.ai. Each event repeats the pages and the counts so far. */
import { behavioursOf, CUT, chatBody, failure, json, PIECES, page, stream, TEXT, WHOLE } from './behaviour.ts';

const MODEL = 'sonar';
const ENTRY = { codec: 'perplexity', path: '', vendor: 'perplexity', model: MODEL };
const PAGES = {
  citations: ['https://www.runshoes-review.com/a', 'https://zhuanlan.zhihu.com/p/1'],
  search_results: [
    { title: 'Review', url: 'https://www.runshoes-review.com/a', date: '2026-01-01', last_updated: '2026-01-02' },
    { title: '知乎', url: 'https://zhuanlan.zhihu.com/p/1', date: null },
  ],
};
const USAGE = {
  prompt_tokens: 8,
  completion_tokens: 40,
  total_tokens: 48,
  search_context_size: 'low',
  num_search_queries: 1,
  citation_tokens: 100,
};
const event = (content: string, finish: string | null = null) => ({
  ...{ id: '1', model: MODEL, created: 1_764_000_000, object: 'chat.completion.chunk', ...PAGES, usage: USAGE },
  choices: [
    {
      index: 0,
      finish_reason: finish,
      message: { role: 'assistant', content: '' },
      delta: { role: 'assistant', content },
    },
  ],
});
const refused = (status: number, type: string, message: string) =>
  json({ error: { message, type, code: status } }, status);

export const PERPLEXITY = behavioursOf('Perplexity', ENTRY, [
  {
    name: 'a stream whose text marks both pages',
    sends: [stream([event(`${PIECES[0]}[1]`), event(`${PIECES[1]}[2][1]`, 'stop')])],
    asks: [{ model: 'sonar', stream: true }],
    row: {
      ...{ status: 'whole', search: true, response: `${PIECES[0]}[1]${PIECES[1]}[2][1]` },
      citations: [
        { title: 'Review', position: 1, spans: [{}, {}] },
        { title: '知乎', position: 2, spans: [{}] },
      ],
      usage: { inputTokens: 8, outputTokens: 40, searchCalls: 1 },
    },
  },
  {
    name: 'a page that the text does not mark is only found',
    entry: { streaming: false },
    sends: [json(chatBody(MODEL, { content: `${TEXT}[2]` }, { usage: USAGE, more: PAGES }))],
    row: {
      status: 'whole',
      citations: [{ position: 2 }],
      retrieved: [{ url: 'https://www.runshoes-review.com/a', title: 'Review' }],
    },
  },
  {
    name: 'an answer without markers has the pages that the vendor lists',
    entry: { streaming: false },
    sends: [json(chatBody(MODEL, { content: TEXT }, { more: PAGES }))],
    row: { ...WHOLE, citations: [{ position: 1 }, { position: 2 }] },
  },
  {
    name: 'the answer reached the token limit',
    sends: [stream([event(PIECES[0], 'length')])],
    row: { ...CUT, finish_word: 'length' },
  },
  {
    name: 'the stream breaks off',
    sends: [stream([event(PIECES[0])], '', 'break')],
    row: { ...CUT, citations: [{}, {}] },
  },
  {
    name: 'a key without credit is answered by a page',
    sends: [page('401 Authorization Required', 401)],
    row: failure('invalid_key', 'page_401', { remedy: /credit/ }),
  },
  {
    name: 'no such model',
    sends: [
      refused(400, 'invalid_model', "Invalid model 'sonar-9'. Permitted models can be found in the documentation."),
    ],
    row: failure('unknown_model', 'invalid_model'),
  },
  {
    name: 'too many requests pass after a pause',
    sends: [
      refused(429, 'rate_limit_error', 'Request rate limit exceeded, please try again later.'),
      stream([event(TEXT, 'stop')]),
    ],
    row: { ...WHOLE, attempts: 2 },
  },
]);
