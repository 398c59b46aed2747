/** OpenAI Responses, which Ark uses too: the format whose web search returns citations. */
import type { AnswerDraft } from './answer-draft.ts';
import { bearer, type Codec, given } from './codec.ts';
import { countAt, listAt, textAt, valueAt } from './json-path.ts';
import { readProblem } from './openai-chat.ts';

export const openAiResponses: Codec = {
  path: '/responses',
  headers: () => ({}),
  keyHeader: bearer,
  body: (provider, call) =>
    given({
      model: provider.model,
      instructions: call.system,
      input: call.prompt,
      max_output_tokens: call.maxTokens,
      temperature: call.temperature,
      stream: provider.streaming ? true : undefined,
    }),
  readBody: (body, draft) => readResponse(body, draft),
  readEvent,
};

function readEvent(event: unknown, draft: AnswerDraft): void {
  const type = textAt(event, 'type');
  if (type.startsWith('response.')) draft.recognise();
  if (type === 'response.output_text.delta') draft.addText(textAt(event, 'delta'));
  else if (type === 'response.reasoning_summary_text.delta') draft.addReasoning(textAt(event, 'delta'));
  else if (type === 'response.output_text.annotation.added') draft.addSource(valueAt(event, 'annotation'));
  else if (type === 'error') draft.setProblem(textAt(event, 'code'), textAt(event, 'message'));
  else if (valueAt(event, 'response') !== undefined) readResponse(valueAt(event, 'response'), draft);
}

/** A whole response; text that was already streamed is not added again. */
function readResponse(body: unknown, draft: AnswerDraft): void {
  const streamed = draft.hasText;
  if (Array.isArray(valueAt(body, 'output'))) draft.recognise();
  for (const item of listAt(body, 'output')) {
    for (const part of listAt(item, 'content')) {
      if (!streamed) draft.addText(textAt(part, 'text') || textAt(part, 'refusal'));
      for (const annotation of listAt(part, 'annotations')) draft.addSource(annotation);
    }
    if (!streamed) for (const part of listAt(item, 'summary')) draft.addReasoning(textAt(part, 'text'));
  }
  const status = textAt(body, 'status');
  if (status === 'completed') draft.setFinish(status);
  if (status === 'incomplete') draft.setFinish(textAt(body, 'incomplete_details', 'reason') || 'other');
  draft.setModel(textAt(body, 'model'));
  draft.setUsage({
    inputTokens: countAt(body, 'usage', 'input_tokens'),
    outputTokens: countAt(body, 'usage', 'output_tokens'),
  });
  readProblem(body, draft);
}
