/** Perplexity: chat completions whose answers always come from a search; sources beside the message. */
import type { Codec } from './codec.ts';
import { openAiChat } from './openai-chat.ts';

export const perplexity: Codec = {
  ...openAiChat,
  body: (provider, call) => {
    const { stream_options: _, ...body } = openAiChat.body(provider, call);
    return body;
  },
};
