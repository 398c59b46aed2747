/** OpenAI chat completions, which Ark, DashScope, DeepSeek and BigModel use too, with their fields for sources. */
import type { AnswerDraft } from './answer-draft.ts';
import { bearer, type Codec, given, messagesOf } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';
import type { ModelCall } from './model-call.ts';
import type { Provider } from './provider.ts';

/** Lists of sources beside or inside the message, with the field of the URL. */
const SOURCE_LISTS: readonly { readonly path: readonly string[]; readonly urlField: string }[] = [
  { path: ['citations'], urlField: 'url' },
  { path: ['search_results'], urlField: 'url' },
  { path: ['references'], urlField: 'url' },
  { path: ['web_search'], urlField: 'link' },
  { path: ['search_info', 'search_results'], urlField: 'url' },
];

export const openAiChat: Codec = {
  path: '/chat/completions',
  headers: () => ({}),
  keyHeader: bearer,
  body: chatBody,
  readBody: (body, draft) => readChat(body, 'message', draft),
  readEvent: (event, draft) => readChat(event, 'delta', draft),
};

function chatBody(provider: Provider, call: ModelCall): Record<string, unknown> {
  return given({
    model: provider.model,
    messages: messagesOf(call),
    [provider.maxTokensField]: call.maxTokens,
    temperature: call.temperature,
    stream: provider.streaming ? true : undefined,
    stream_options: provider.streaming ? { include_usage: true } : undefined,
  });
}

function readChat(body: unknown, part: 'message' | 'delta', draft: AnswerDraft): void {
  const choice = valueAt(body, 'choices', 0);
  if (Array.isArray(valueAt(body, 'choices'))) draft.recognise();
  const message = valueAt(choice, part);
  draft.addText(contentText(valueAt(message, 'content')));
  draft.addReasoning(textAt(message, 'reasoning_content') || textAt(message, 'reasoning'));
  draft.setFinish(textAt(choice, 'finish_reason'));
  draft.setModel(textAt(body, 'model'));
  draft.setUsage({
    inputTokens: countAt(body, 'usage', 'prompt_tokens'),
    outputTokens: countAt(body, 'usage', 'completion_tokens'),
  });
  for (const annotation of listAt(message, 'annotations')) draft.addSource(valueAt(annotation, 'url_citation'));
  for (const { path, urlField } of SOURCE_LISTS) {
    for (const holder of [body, message]) {
      for (const source of listAt(holder, ...path)) draft.addSource(source, urlField);
    }
  }
  readProblem(body, draft);
}

/** A message's content: a text, or parts of which some are text. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part) => textAt(part, 'text')).join('') : '';
}

/** `{error: {code, type, message}}`, or an error that is a text. */
export function readProblem(body: unknown, draft: AnswerDraft): void {
  const error = valueAt(body, 'error');
  if (error === undefined || error === null) return;
  const code = valueAt(error, 'code');
  const kind = typeof code === 'string' || typeof code === 'number' ? String(code) : textAt(error, 'type');
  draft.setProblem(kind, typeof error === 'string' ? error : textAt(error, 'message'));
}
