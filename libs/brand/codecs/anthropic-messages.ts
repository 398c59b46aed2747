/** Anthropic messages: content in blocks, citations inside the text blocks, a key header of its own. */
import { type AnswerDraft, pageOf } from './answer-draft.ts';
import { type Codec, given, messagesOf } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';
import type { Finish } from './model-call.ts';
import { readProblem } from './problem.ts';
import { isStreamed } from './provider.ts';

const VERSION = '2023-06-01';
/** The format requires a limit. */
const DEFAULT_MAX_TOKENS = 1_024;
/** The model's search was long, and it waits to be asked to go on. */
const PAUSED = 'pause_turn';

const FINISH_WORDS: ReadonlyMap<string, Finish> = new Map([
  ['end_turn', 'whole'],
  ['stop_sequence', 'whole'],
  ['max_tokens', 'cut_off'],
  ['model_context_window_exceeded', 'cut_off'],
  ['tool_use', 'cut_off'],
  [PAUSED, 'cut_off'],
  ['refusal', 'refused'],
]);

export const anthropicMessages: Codec = {
  path: () => '/messages',
  headers: () => ({ 'anthropic-version': VERSION }),
  keyHeader: (key) => ['x-api-key', key],
  body: (provider, { system, ...call }) =>
    given({
      model: provider.model,
      max_tokens: call.maxTokens ?? DEFAULT_MAX_TOKENS,
      system,
      messages: messagesOf(call),
      temperature: call.temperature,
      stream: isStreamed(provider) ? true : undefined,
    }),
  finishWords: FINISH_WORDS,
  readBody: readMessage,
  readEvent,
  next: (draft) => {
    if (draft.finishWord !== PAUSED || draft.blocks.size === 0) return undefined;
    const content = [...draft.blocks].sort(([a], [b]) => a - b).map(([, block]) => sendable(block));
    return [{ role: 'assistant', content }];
  },
};

function readMessage(body: unknown, draft: AnswerDraft): void {
  if (Array.isArray(valueAt(body, 'content'))) draft.recognise();
  for (const [index, block] of listAt(body, 'content').entries()) {
    beginBlock(block, index, draft);
    endBlock(index, draft);
  }
  draft.setFinish(textAt(body, 'stop_reason'));
  draft.setModel(textAt(body, 'model'));
  readUsage(body, draft);
  readProblem(body, draft);
}

function readEvent(event: unknown, draft: AnswerDraft): void {
  const index = countAt(event, 'index') ?? 0;
  switch (textAt(event, 'type')) {
    case 'message_start':
      draft.recognise();
      readMessage(valueAt(event, 'message'), draft);
      return;
    case 'content_block_start':
      beginBlock(valueAt(event, 'content_block'), index, draft);
      return;
    case 'content_block_delta':
      addDelta(valueAt(event, 'delta'), index, draft);
      return;
    case 'content_block_stop':
      endBlock(index, draft);
      return;
    case 'message_delta':
      draft.setFinish(textAt(event, 'delta', 'stop_reason'));
      readUsage(event, draft);
      return;
    default:
      readProblem(event, draft);
  }
}

/** Cached input is counted apart from `input_tokens`. */
function readUsage(holder: unknown, draft: AnswerDraft): void {
  const input = countAt(holder, 'usage', 'input_tokens');
  const cached = countAt(holder, 'usage', 'cache_read_input_tokens');
  const written = countAt(holder, 'usage', 'cache_creation_input_tokens') ?? 0;
  draft.setUsage({
    inputTokens: input === undefined ? undefined : input + written + (cached ?? 0),
    outputTokens: countAt(holder, 'usage', 'output_tokens'),
    cachedTokens: cached,
    searchCalls: countAt(holder, 'usage', 'server_tool_use', 'web_search_requests'),
  });
}

/** A block from its start: text with citations, thinking, a search or what it found. */
function beginBlock(block: unknown, index: number, draft: AnswerDraft): void {
  if (typeof block !== 'object' || block === null) return;
  draft.blocks.set(index, { ...block, textStart: draft.length });
  draft.addText(textAt(block, 'text'));
  draft.addReasoning(textAt(block, 'thinking'));
  draft.addQuery(textAt(block, 'input', 'query'));
  // In place of results there may be an error, `{"type": "web_search_tool_result_error"}`: then nothing was found.
  for (const result of listAt(block, 'content')) draft.addRetrieved(pageOf(result));
}

/** `text_delta`, `thinking_delta`, `citations_delta`, `input_json_delta`, `signature_delta`. */
function addDelta(delta: unknown, index: number, draft: AnswerDraft): void {
  draft.addText(textAt(delta, 'text'));
  draft.addReasoning(textAt(delta, 'thinking'));
  const block = draft.blocks.get(index) ?? { type: 'text', textStart: draft.length - textAt(delta, 'text').length };
  const append = (field: string, more: string): void => {
    if (more !== '') block[field] = `${textAt(block, field)}${more}`;
  };
  append('text', textAt(delta, 'text'));
  append('thinking', textAt(delta, 'thinking'));
  append('signature', textAt(delta, 'signature'));
  append('partialInput', textAt(delta, 'partial_json'));
  const citation = valueAt(delta, 'citation');
  if (citation !== undefined) {
    block.citations = [...listAt(block, 'citations'), citation];
    draft.addCited(pageOf(citation));
  }
  draft.blocks.set(index, block);
}

/** Its citations support the whole text of a block. */
function endBlock(index: number, draft: AnswerDraft): void {
  const block = draft.blocks.get(index);
  if (block === undefined) return;
  const span = { start: Number(block.textStart), end: draft.length };
  for (const citation of listAt(block, 'citations')) {
    draft.addCited(pageOf(citation), span.end > span.start ? span : undefined);
  }
  if (typeof block.partialInput === 'string') {
    block.input = inputOf(block.partialInput);
    draft.addQuery(textAt(block, 'input', 'query'));
  }
}

function inputOf(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return {};
  }
}

/** A block as the provider takes it back. */
function sendable({ textStart: _start, partialInput: _input, ...block }: Record<string, unknown>): unknown {
  return block;
}
