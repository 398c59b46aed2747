/** Perplexity. Errors and limits: docs.perplexity.ai; it always searches. */
import type { Fields, Vendor } from './vendor.ts';

const effort = (level: string): Fields => ({ reasoning_effort: level });

export const perplexityAi: Vendor = {
  hosts: ['perplexity.ai'],
  errors: [
    { type: 'quota', word: /insufficient|credit/i },
    { type: 'quota', message: /insufficient credits?|out of credits?|exceeded your current quota/i },
    { type: 'unknown_model', word: /^invalid_model$/ },
    { type: 'context_too_long', message: /too many tokens|maximum context|context length/i },
    // A key without credit is answered like a wrong one.
    { type: 'invalid_key', status: 401 },
  ],
  remedies: {
    invalid_key:
      'check the key and the credit at perplexity.ai/settings/api: a key without credit is refused as a wrong one',
    quota: 'buy credit at perplexity.ai/settings/api; waiting does not help',
    unknown_model: 'name a model of docs.perplexity.ai, such as sonar',
    rate_limit: 'lower requestsPerSecond of this entry to the account’s usage tier',
    context_too_long: 'shorten the question',
  },
  search: { perplexity: {}, 'openai-chat': {} },
  noSearch: 'use the codec perplexity',
  thinking: () => ({ minimal: effort('minimal'), low: effort('low'), medium: effort('medium'), high: effort('high') }),
};
