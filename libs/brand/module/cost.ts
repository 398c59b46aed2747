/** What a call costs at most, known before it is sent. */
import type { ModelRequest } from '../codecs/model-call.ts';
import { costOf, type Provider } from '../codecs/provider.ts';

/** Around the messages: roles, separators, what a chat template puts in. Generous. */
const FRAME_TOKENS = 64;

/**
 * In the registry's currency: no vocabulary makes more tokens of a text than it has bytes, and no answer is longer than was
 * allowed. What a provider reads by itself, such as the pages of its own search, is not in it.
 */
export function mostOf({ json }: Pick<ModelRequest, 'json'>, maxTokens: number, provider: Provider): number {
  const inputTokens = Buffer.byteLength(JSON.stringify(json)) + FRAME_TOKENS;
  return costOf({ inputTokens, outputTokens: maxTokens }, provider);
}
