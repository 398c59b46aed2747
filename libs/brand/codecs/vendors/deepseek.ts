/** DeepSeek. Codes: api-docs.deepseek.com/quick_start/error_codes; thinking: /guides/thinking_mode. Its API has no search. */
import type { Vendor } from './vendor.ts';

export const deepseek: Vendor = {
  hosts: ['deepseek.com'],
  errors: [
    { type: 'quota', status: 402 },
    { type: 'quota', message: /insufficient balance/i },
    { type: 'content_safety', message: /content exists risk/i },
    { type: 'context_too_long', message: /maximum context length|context_length/i },
    { type: 'unknown_model', message: /model not exist/i },
    { type: 'invalid_key', status: 401 },
    { type: 'overloaded', status: 503 },
  ],
  remedies: {
    invalid_key: 'check the key at platform.deepseek.com',
    quota: 'top up the balance at platform.deepseek.com; waiting does not help',
    unknown_model: 'name a model that api.deepseek.com/models lists, such as deepseek-chat',
    rate_limit: 'lower concurrency of this entry: DeepSeek throttles by load',
    overloaded: 'ask again later: DeepSeek has no capacity now',
    content_safety: 'DeepSeek refused the question: another wording may pass',
    context_too_long: 'shorten the question, or lower maxTokens',
  },
  search: {},
  noSearch: 'DeepSeek’s API has no web search: ask a DeepSeek model at Ark or DashScope, with their search',
  thinking: () => ({ off: { thinking: { type: 'disabled' } }, on: { thinking: { type: 'enabled' } } }),
};
