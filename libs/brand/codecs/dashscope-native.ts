/** DashScope's own format: with Responses the only one in which its web search returns its sources. */
import { type AnswerDraft, pageOf } from './answer-draft.ts';
import { bearer, type Codec, given, messagesOf } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';
import type { Finish } from './model-call.ts';
import { readProblem } from './problem.ts';
import { isStreamed } from './provider.ts';

const FINISH_WORDS: ReadonlyMap<string, Finish> = new Map([
  ['stop', 'whole'],
  ['length', 'cut_off'],
  ['tool_calls', 'cut_off'],
  ['content_filter', 'filtered'],
]);

export const dashscopeNative: Codec = {
  path: () => '/services/aigc/text-generation/generation',
  headers: (provider) => (isStreamed(provider) ? { 'x-dashscope-sse': 'enable' } : {}),
  keyHeader: bearer,
  body: (provider, call) => ({
    model: provider.model,
    input: { messages: messagesOf(call) },
    parameters: given({
      result_format: 'message',
      max_tokens: call.maxTokens,
      temperature: call.temperature,
      incremental_output: isStreamed(provider) ? true : undefined,
    }),
  }),
  finishWords: FINISH_WORDS,
  readBody: readGeneration,
  readEvent: readGeneration,
};

function readGeneration(body: unknown, draft: AnswerDraft): void {
  const output = valueAt(body, 'output');
  if (output !== undefined && output !== null) draft.recognise();
  const choice = valueAt(output, 'choices', 0);
  draft.addText(textAt(choice, 'message', 'content') || textAt(output, 'text'));
  draft.addReasoning(textAt(choice, 'message', 'reasoning_content'));
  draft.setFinish(textAt(choice, 'finish_reason') || textAt(output, 'finish_reason'));
  draft.setModel(textAt(body, 'model'));
  draft.setUsage({
    inputTokens: countAt(body, 'usage', 'input_tokens'),
    outputTokens: countAt(body, 'usage', 'output_tokens'),
    reasoningTokens: countAt(body, 'usage', 'output_tokens_details', 'reasoning_tokens'),
    cachedTokens: countAt(body, 'usage', 'prompt_tokens_details', 'cached_tokens'),
    searchCalls: countAt(body, 'usage', 'plugins', 'search', 'count'),
  });
  for (const [place, source] of listAt(output, 'search_info', 'search_results').entries()) {
    draft.addListed(pageOf(source), countAt(source, 'index') ?? place + 1);
  }
  readProblem(body, draft);
}
