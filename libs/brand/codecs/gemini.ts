/**
 * Google Gemini's own format: its search (`google_search`) returns the queries, the pages as redirects of Google with their domain
 * as title, and which part of the text each page supports, in bytes of UTF-8.
 */
import type { AnswerDraft } from './answer-draft.ts';
import { type Codec, given } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';
import type { Finish, FoundPage, Span } from './model-call.ts';
import { readProblem } from './problem.ts';
import { isStreamed } from './provider.ts';

const FINISH_WORDS: ReadonlyMap<string, Finish> = new Map([
  ['STOP', 'whole'],
  ['MAX_TOKENS', 'cut_off'],
  ['SAFETY', 'filtered'],
  ['RECITATION', 'filtered'],
  ['BLOCKLIST', 'filtered'],
  ['PROHIBITED_CONTENT', 'filtered'],
  ['SPII', 'filtered'],
  ['LANGUAGE', 'cut_off'],
  ['MALFORMED_FUNCTION_CALL', 'cut_off'],
  ['UNEXPECTED_TOOL_CALL', 'cut_off'],
  ['TOO_MANY_TOOL_CALLS', 'cut_off'],
  ['MALFORMED_RESPONSE', 'cut_off'],
]);

export const gemini: Codec = {
  path: (provider) => {
    const model = provider.model.replace(/^models\//, '');
    return isStreamed(provider) ? `/models/${model}:streamGenerateContent?alt=sse` : `/models/${model}:generateContent`;
  },
  headers: () => ({}),
  keyHeader: (key) => ['x-goog-api-key', key],
  body: (_provider, { system, prompt, maxTokens, temperature }) =>
    given({
      systemInstruction: system === undefined ? undefined : { parts: [{ text: system }] },
      contents: [{ role: 'user', parts: [{ text: prompt }] }],
      generationConfig: given({ maxOutputTokens: maxTokens, temperature }),
    }),
  finishWords: FINISH_WORDS,
  // Without `alt=sse` a stream is one JSON list of what else are its events; errors may come in a list, too.
  readBody: (body, draft) => {
    for (const each of Array.isArray(body) ? body : [body]) readEvent(each, draft);
  },
  readEvent,
};

function readEvent(body: unknown, draft: AnswerDraft): void {
  const candidate = valueAt(body, 'candidates', 0);
  if (candidate !== undefined || valueAt(body, 'usageMetadata') !== undefined) draft.recognise();
  for (const part of listAt(candidate, 'content', 'parts')) {
    if (valueAt(part, 'thought') === true) draft.addReasoning(textAt(part, 'text'));
    else draft.addText(textAt(part, 'text'));
  }
  draft.setFinish(textAt(candidate, 'finishReason'));
  draft.setModel(textAt(body, 'modelVersion'));
  readUsage(body, draft);
  readGrounding(valueAt(candidate, 'groundingMetadata'), draft);
  const blocked = textAt(body, 'promptFeedback', 'blockReason');
  if (blocked !== '')
    draft.setProblem({ code: blocked, type: 'prompt_blocked', message: `the prompt was blocked: ${blocked}` });
  readProblem(body, draft);
}

/** Thinking is counted apart from the answer, and pages that the search read apart from the prompt. */
function readUsage(body: unknown, draft: AnswerDraft): void {
  const count = (field: string): number | undefined => countAt(body, 'usageMetadata', field);
  const [prompt, answer, thoughts] = [
    count('promptTokenCount'),
    count('candidatesTokenCount'),
    count('thoughtsTokenCount'),
  ];
  draft.setUsage({
    inputTokens: prompt === undefined ? undefined : prompt + (count('toolUsePromptTokenCount') ?? 0),
    outputTokens: answer === undefined && thoughts === undefined ? undefined : (answer ?? 0) + (thoughts ?? 0),
    reasoningTokens: thoughts,
    cachedTokens: count('cachedContentTokenCount'),
  });
}

function readGrounding(grounding: unknown, draft: AnswerDraft): void {
  const queries = listAt(grounding, 'webSearchQueries').filter((query) => typeof query === 'string');
  for (const query of queries) draft.addQuery(query);
  if (queries.length > 0) draft.setUsage({ searchCalls: queries.length });
  const pages = listAt(grounding, 'groundingChunks').map(pageOfChunk);
  const supports = listAt(grounding, 'groundingSupports');
  for (const page of pages) {
    if (supports.length === 0) draft.addCited(page);
    else draft.addRetrieved(page);
  }
  if (supports.length === 0) return;
  const bytes = Buffer.from(draft.text);
  for (const support of supports) {
    const span = spanOf(valueAt(support, 'segment'), bytes);
    for (const index of listAt(support, 'groundingChunkIndices')) {
      if (typeof index === 'number') draft.addCited(pages[index], span);
    }
  }
}

function pageOfChunk(chunk: unknown): FoundPage | undefined {
  const url = textAt(chunk, 'web', 'uri');
  if (!/^https?:\/\//i.test(url)) return undefined;
  const title = textAt(chunk, 'web', 'title');
  const isRedirect = /\/grounding-api-redirect\//.test(url);
  return {
    url,
    ...(title === '' ? {} : { title }),
    ...(isRedirect && /^[\p{L}\d-]+(?:\.[\p{L}\d-]+)+$/u.test(title) ? { site: title.toLowerCase() } : {}),
  };
}

/** A segment in bytes as a span in UTF-16 units. The start is left out where it is 0. */
function spanOf(segment: unknown, bytes: Buffer): Span | undefined {
  const [from = 0, to] = [countAt(segment, 'startIndex'), countAt(segment, 'endIndex')];
  if (to === undefined || to <= from || to > bytes.length) return undefined;
  const start = bytes.subarray(0, from).toString().length;
  return { start, end: start + bytes.subarray(from, to).toString().length };
}
