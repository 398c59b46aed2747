/** Perplexity: chat completions whose answers come from a search; the pages stand beside the message, numbered as in the text. */
import type { Codec } from './codec.ts';
import { openAiChat } from './openai-chat.ts';

export const perplexity: Codec = {
  ...openAiChat,
  path: () => '/chat/completions',
  body: (provider, call) => {
    const { stream_options: _, ...body } = openAiChat.body(provider, call);
    return body;
  },
};
