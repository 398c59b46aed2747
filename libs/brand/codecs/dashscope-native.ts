/** DashScope's own format: the only one in which its web search returns its sources. */
import type { AnswerDraft } from './answer-draft.ts';
import { bearer, type Codec, given, messagesOf } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';

export const dashscopeNative: Codec = {
  path: '/services/aigc/text-generation/generation',
  headers: ({ streaming }) => (streaming ? { 'x-dashscope-sse': 'enable' } : {}),
  keyHeader: bearer,
  body: (provider, call) => ({
    model: provider.model,
    input: { messages: messagesOf(call) },
    parameters: given({
      result_format: 'message',
      max_tokens: call.maxTokens,
      temperature: call.temperature,
      incremental_output: provider.streaming ? true : undefined,
    }),
  }),
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
  });
  for (const source of listAt(output, 'search_info', 'search_results')) draft.addSource(source);
  const code = textAt(body, 'code');
  if (code !== '' && output === undefined) draft.setProblem(code, textAt(body, 'message'));
}
