/** Anthropic messages: content in blocks, citations inside the text blocks, a key header of its own. */
import type { AnswerDraft } from './answer-draft.ts';
import { type Codec, given } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';
import { readProblem } from './openai-chat.ts';

const VERSION = '2023-06-01';
/** The format requires a limit. */
const DEFAULT_MAX_TOKENS = 1_024;

export const anthropicMessages: Codec = {
  path: '/messages',
  headers: () => ({ 'anthropic-version': VERSION }),
  keyHeader: (key) => ['x-api-key', key],
  body: (provider, call) =>
    given({
      model: provider.model,
      max_tokens: call.maxTokens ?? DEFAULT_MAX_TOKENS,
      system: call.system,
      messages: [{ role: 'user', content: call.prompt }],
      temperature: call.temperature,
      stream: provider.streaming ? true : undefined,
    }),
  readBody: readMessage,
  readEvent,
};

function readMessage(body: unknown, draft: AnswerDraft): void {
  if (Array.isArray(valueAt(body, 'content'))) draft.recognise();
  for (const block of listAt(body, 'content')) readBlock(block, draft);
  draft.setFinish(textAt(body, 'stop_reason'));
  draft.setModel(textAt(body, 'model'));
  readUsage(body, draft);
  readProblem(body, draft);
}

function readEvent(event: unknown, draft: AnswerDraft): void {
  switch (textAt(event, 'type')) {
    case 'message_start':
      draft.recognise();
      readMessage(valueAt(event, 'message'), draft);
      return;
    case 'content_block_start':
      readBlock(valueAt(event, 'content_block'), draft);
      return;
    case 'content_block_delta':
      readBlock(valueAt(event, 'delta'), draft);
      return;
    case 'message_delta':
      draft.setFinish(textAt(event, 'delta', 'stop_reason'));
      readUsage(event, draft);
      return;
    default:
      readProblem(event, draft);
  }
}

function readUsage(holder: unknown, draft: AnswerDraft): void {
  draft.setUsage({
    inputTokens: countAt(holder, 'usage', 'input_tokens'),
    outputTokens: countAt(holder, 'usage', 'output_tokens'),
  });
}

/** A block or a delta of one: `text`, `text_delta`, `thinking`, `citations_delta`. */
function readBlock(block: unknown, draft: AnswerDraft): void {
  draft.addText(textAt(block, 'text'));
  draft.addReasoning(textAt(block, 'thinking'));
  draft.addSource(valueAt(block, 'citation'));
  for (const citation of listAt(block, 'citations')) draft.addSource(citation);
}
