/** The maximum cost of a call, computed before it is sent. */
import type { ModelRequest } from '../codecs/model-call.ts';
import { costOf, type Provider } from '../codecs/provider.ts';

/** Extra tokens around the messages: roles, separators, the chat template. A generous bound. */
const FRAME_TOKENS = 64;

/**
 * In the registry's currency: a text has at most as many tokens as bytes, and an answer at most the allowed length. Pages
 * that a provider reads by itself, for example in its own search, are not included.
 */
export function mostOf({ json }: Pick<ModelRequest, 'json'>, maxTokens: number, provider: Provider): number {
  const inputTokens = Buffer.byteLength(JSON.stringify(json)) + FRAME_TOKENS;
  return costOf({ inputTokens, outputTokens: maxTokens }, provider);
}
