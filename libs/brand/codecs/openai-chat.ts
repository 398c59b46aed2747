/**
 * OpenAI chat completions, which Ark, DashScope, DeepSeek, BigModel and Moonshot use too, with their fields for sources
 * (BigModel `web_search`, Ark's bots `references`) and Moonshot's search, which takes a second request.
 */
import { type AnswerDraft, pageOf } from './answer-draft.ts';
import { bearer, type Codec, given, messagesOf } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';
import type { Finish, ModelCall } from './model-call.ts';
import { readProblem } from './problem.ts';
import { isStreamed, type Provider } from './provider.ts';
import { MOONSHOT_SEARCH } from './vendors/moonshot.ts';

/** Lists of pages beside or inside the message, in the order of their numbers, with the field of the URL. */
const PAGE_LISTS: readonly { readonly path: readonly string[]; readonly urlField: string }[] = [
  { path: ['citations'], urlField: 'url' },
  { path: ['search_results'], urlField: 'url' },
  { path: ['references'], urlField: 'url' },
  { path: ['web_search'], urlField: 'link' },
  { path: ['search_info', 'search_results'], urlField: 'url' },
];

/** Ends of a choice: of OpenAI, BigModel (`sensitive`, `network_error`), DeepSeek (`insufficient_system_resource`). */
const FINISH_WORDS: ReadonlyMap<string, Finish> = new Map([
  ['stop', 'whole'],
  ['eos', 'whole'],
  ['length', 'cut_off'],
  ['max_tokens', 'cut_off'],
  ['model_context_window_exceeded', 'cut_off'],
  ['tool_calls', 'cut_off'],
  ['function_call', 'cut_off'],
  ['network_error', 'cut_off'],
  ['insufficient_system_resource', 'cut_off'],
  ['aborted', 'cut_off'],
  ['error', 'cut_off'],
  ['content_filter', 'filtered'],
  ['sensitive', 'filtered'],
  ['repetition_truncation', 'cut_off'],
]);

export const openAiChat: Codec = {
  // An application of Ark with its own search has an id like bot-…, and a path of its own.
  path: ({ model }) => (model.startsWith('bot-') ? '/bots/chat/completions' : '/chat/completions'),
  headers: () => ({}),
  keyHeader: bearer,
  body: chatBody,
  finishWords: FINISH_WORDS,
  readBody: (body, draft) => readChat(body, 'message', draft),
  readEvent: (event, draft) => readChat(event, 'delta', draft),
  next: afterSearch,
};

function chatBody(provider: Provider, call: ModelCall): Record<string, unknown> {
  const streamed = isStreamed(provider);
  return given({
    model: provider.model,
    messages: messagesOf(call),
    [provider.maxTokensField]: call.maxTokens,
    temperature: call.temperature,
    stream: streamed ? true : undefined,
    stream_options: streamed ? { include_usage: true } : undefined,
  });
}

function readChat(body: unknown, part: 'message' | 'delta', draft: AnswerDraft): void {
  const choice = valueAt(body, 'choices', 0);
  if (Array.isArray(valueAt(body, 'choices'))) draft.recognise();
  // Some servers repeat the whole message in the last event of a stream; what was streamed is not added again.
  const message = valueAt(choice, part) ?? (draft.length === 0 ? valueAt(choice, 'message') : undefined);
  draft.addText(contentText(valueAt(message, 'content')));
  draft.addReasoning(textAt(message, 'reasoning_content') || textAt(message, 'reasoning'));
  draft.setFinish(textAt(choice, 'finish_reason'));
  if (textAt(message, 'refusal') !== '') draft.setRefused('refusal');
  draft.setModel(textAt(body, 'model'));
  readUsage(valueAt(body, 'usage') ?? valueAt(choice, 'usage'), draft);
  readBotUsage(body, draft);
  for (const annotation of listAt(message, 'annotations')) {
    draft.addCited(pageOf(valueAt(annotation, 'url_citation')), spanOf(valueAt(annotation, 'url_citation')));
  }
  readPages(body, message, draft);
  for (const [place, call] of listAt(message, 'tool_calls').entries()) readToolCall(call, place, draft);
  readProblem(body, draft);
}

/** A message's content: a text, or parts of which some are text. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part) => textAt(part, 'text')).join('') : '';
}

function spanOf(citation: unknown): { start: number; end: number } | undefined {
  const [start, end] = [countAt(citation, 'start_index'), countAt(citation, 'end_index')];
  return start === undefined || end === undefined || end <= start ? undefined : { start, end };
}

/** The lists of pages, numbered by their place or by their own index (`index`, or `refer: "ref_2"`). */
function readPages(body: unknown, message: unknown, draft: AnswerDraft): void {
  for (const { path, urlField } of PAGE_LISTS) {
    for (const holder of [body, message]) {
      for (const [place, source] of listAt(holder, ...path).entries()) {
        const number = Number(
          /^ref_(\d+)$/.exec(textAt(source, 'refer'))?.[1] ?? countAt(source, 'index') ?? place + 1,
        );
        draft.addListed(pageOf(source, urlField), number);
      }
      // BigModel searches once, and does not count it.
      if (path[0] === 'web_search' && listAt(holder, ...path).length > 0) draft.setUsage({ searchCalls: 1 });
    }
  }
}

function readUsage(usage: unknown, draft: AnswerDraft): void {
  draft.setUsage({
    inputTokens: countAt(usage, 'prompt_tokens'),
    outputTokens: countAt(usage, 'completion_tokens'),
    reasoningTokens:
      countAt(usage, 'completion_tokens_details', 'reasoning_tokens') ?? countAt(usage, 'reasoning_tokens'),
    cachedTokens:
      countAt(usage, 'prompt_tokens_details', 'cached_tokens') ??
      countAt(usage, 'prompt_cache_hit_tokens') ??
      countAt(usage, 'cached_tokens'),
    searchCalls: countAt(usage, 'num_search_queries'),
  });
}

/** Ark's bots count by model and by action. */
function readBotUsage(body: unknown, draft: AnswerDraft): void {
  const models = listAt(body, 'bot_usage', 'model_usage');
  if (models.length === 0) return;
  const sum = (field: string): number => models.reduce<number>((all, each) => all + (countAt(each, field) ?? 0), 0);
  const actions = listAt(body, 'bot_usage', 'action_usage').map((each) => countAt(each, 'count') ?? 0);
  draft.setUsage({
    inputTokens: sum('prompt_tokens'),
    outputTokens: sum('completion_tokens'),
    searchCalls: actions.reduce((all, each) => all + each, 0),
  });
}

/** A tool call; in a stream its arguments come in pieces, under an index. */
function readToolCall(call: unknown, place: number, draft: AnswerDraft): void {
  const index = countAt(call, 'index') ?? place;
  const known = draft.blocks.get(index) ?? { id: '', type: 'function', name: '', arguments: '' };
  draft.blocks.set(index, {
    id: textAt(call, 'id') || known.id,
    type: textAt(call, 'type') || known.type,
    name: textAt(call, 'function', 'name') || known.name,
    arguments: `${String(known.arguments)}${textAt(call, 'function', 'arguments')}`,
  });
}

/** Moonshot searches when the arguments that its model made are sent back to it. */
function afterSearch(draft: AnswerDraft): readonly unknown[] | undefined {
  const calls = [...draft.blocks].sort(([a], [b]) => a - b).map(([, call]) => call);
  if (draft.finishWord !== 'tool_calls' || calls.length === 0) return undefined;
  if (calls.some(({ name }) => name !== MOONSHOT_SEARCH)) return undefined;
  draft.setUsage({ searchCalls: calls.length });
  return [
    {
      role: 'assistant',
      content: draft.text,
      ...(draft.reasoning === '' ? {} : { reasoning_content: draft.reasoning }),
      tool_calls: calls.map(({ id, type, name, arguments: written }) => ({
        ...{ id, type },
        function: { name, arguments: written },
      })),
    },
    ...calls.map(({ id, name, arguments: written }) => ({ role: 'tool', tool_call_id: id, name, content: written })),
  ];
}
