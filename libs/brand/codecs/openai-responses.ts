/** OpenAI Responses, which Ark and DashScope use too: the format whose web search returns citations. */
import { type AnswerDraft, pageOf } from './answer-draft.ts';
import { bearer, type Codec, given } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';
import type { Finish, Span } from './model-call.ts';
import { readProblem } from './problem.ts';
import { isStreamed } from './provider.ts';

const FINISH_WORDS: ReadonlyMap<string, Finish> = new Map([
  ['completed', 'whole'],
  ['max_output_tokens', 'cut_off'],
  ['max_tokens', 'cut_off'],
  // Ark's word for the limit.
  ['length', 'cut_off'],
  ['content_filter', 'filtered'],
  ['failed', 'cut_off'],
  ['cancelled', 'cut_off'],
  ['incomplete', 'cut_off'],
]);

export const openAiResponses: Codec = {
  path: () => '/responses',
  headers: () => ({}),
  keyHeader: bearer,
  body: (provider, call) =>
    given({
      model: provider.model,
      instructions: call.system,
      input: call.prompt,
      max_output_tokens: call.maxTokens,
      temperature: call.temperature,
      stream: isStreamed(provider) ? true : undefined,
    }),
  finishWords: FINISH_WORDS,
  readBody: (body, draft) => readResponse(body, draft),
  readEvent,
};

/** Where the current part of the text begins: positions of citations count from there. */
const PART_START = 0;

function readEvent(event: unknown, draft: AnswerDraft): void {
  const type = textAt(event, 'type');
  if (type.startsWith('response.')) draft.recognise();
  switch (type) {
    case 'response.content_part.added':
      draft.blocks.set(PART_START, { start: draft.length });
      return;
    case 'response.output_text.delta':
      draft.addText(textAt(event, 'delta'));
      return;
    case 'response.refusal.delta':
    case 'response.refusal.done':
      draft.setRefused('refusal');
      return;
    case 'response.reasoning_summary_text.delta':
      draft.addReasoning(textAt(event, 'delta'));
      return;
    case 'response.output_text.annotation.added': {
      const start = draft.blocks.get(PART_START)?.start;
      readAnnotation(valueAt(event, 'annotation'), typeof start === 'number' ? start : 0, draft);
      return;
    }
    case 'response.output_item.done':
      readSearch(valueAt(event, 'item'), draft);
      return;
    case 'error':
      readProblem(valueAt(event, 'error') === undefined ? { error: event } : event, draft);
      return;
    default:
      if (valueAt(event, 'response') !== undefined) readResponse(valueAt(event, 'response'), draft);
      else readProblem(event, draft);
  }
}

/** A whole response; text that was already streamed is not added again. */
function readResponse(body: unknown, draft: AnswerDraft): void {
  const streamed = draft.length > 0;
  if (Array.isArray(valueAt(body, 'output'))) draft.recognise();
  let start = 0;
  let isRefused = false;
  for (const item of listAt(body, 'output')) {
    readSearch(item, draft);
    for (const part of listAt(item, 'content')) {
      const text = textAt(part, 'text');
      if (!streamed) draft.addText(text);
      isRefused ||= textAt(part, 'refusal') !== '';
      for (const annotation of listAt(part, 'annotations')) readAnnotation(annotation, start, draft);
      start += text.length;
    }
    if (!streamed) for (const part of listAt(item, 'summary')) draft.addReasoning(textAt(part, 'text'));
  }
  const status = textAt(body, 'status');
  if (status === 'incomplete') draft.setFinish(textAt(body, 'incomplete_details', 'reason') || status);
  else if (status !== 'in_progress' && status !== 'queued') draft.setFinish(status);
  if (isRefused) draft.setRefused('refusal');
  draft.setModel(textAt(body, 'model'));
  readUsage(body, draft);
  readProblem(body, draft);
}

function readUsage(body: unknown, draft: AnswerDraft): void {
  const searches = listAt(body, 'output').filter((item) => isSearch(item)).length;
  draft.setUsage({
    inputTokens: countAt(body, 'usage', 'input_tokens'),
    outputTokens: countAt(body, 'usage', 'output_tokens'),
    reasoningTokens: countAt(body, 'usage', 'output_tokens_details', 'reasoning_tokens'),
    cachedTokens: countAt(body, 'usage', 'input_tokens_details', 'cached_tokens'),
    searchCalls: countAt(body, 'usage', 'tool_usage', 'web_search') ?? (searches === 0 ? undefined : searches),
  });
}

/** A search: not the opening of a page, nor the finding of a word in it. */
function isSearch(item: unknown): boolean {
  const action = textAt(item, 'action', 'type');
  return textAt(item, 'type') === 'web_search_call' && (action === '' || action === 'search');
}

/** What was searched for, and the pages that came of it. */
function readSearch(item: unknown, draft: AnswerDraft): void {
  if (!isSearch(item)) return;
  draft.addQuery(textAt(item, 'action', 'query'));
  for (const query of listAt(item, 'action', 'queries')) if (typeof query === 'string') draft.addQuery(query);
  for (const source of listAt(item, 'action', 'sources')) draft.addRetrieved(pageOf(source));
}

/** `url_citation` with its place in the part, in characters (code points). */
function readAnnotation(annotation: unknown, partStart: number, draft: AnswerDraft): void {
  if (textAt(annotation, 'type') !== '' && textAt(annotation, 'type') !== 'url_citation') return;
  draft.addCited(pageOf(annotation), spanOf(annotation, draft.text.slice(partStart), partStart));
}

function spanOf(annotation: unknown, part: string, partStart: number): Span | undefined {
  const [from, to] = [countAt(annotation, 'start_index'), countAt(annotation, 'end_index')];
  if (from === undefined || to === undefined || to <= from) return undefined;
  const letters = [...part];
  if (to > letters.length) return undefined;
  const start = partStart + letters.slice(0, from).join('').length;
  return { start, end: start + letters.slice(from, to).join('').length };
}
