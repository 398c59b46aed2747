/**
 * Google Gemini. Errors: ai.google.dev/gemini-api/docs/troubleshooting; search: /docs/google-search; thinking: /docs/thinking
 * (`thinkingBudget: 0` of 2.5, `thinkingLevel` of 3).
 */
import type { Fields, Vendor } from './vendor.ts';

export const google: Vendor = {
  hosts: ['googleapis.com'],
  errors: [
    // A free project's day and a spent prepayment end with the same status as a busy minute.
    {
      type: 'quota',
      word: /^RESOURCE_EXHAUSTED$/,
      message: /per ?day|PerDay|billing account|prepay|limit: 0\b|spending cap/i,
    },
    { type: 'rate_limit', word: /^RESOURCE_EXHAUSTED$/ },
    {
      type: 'invalid_key',
      word: /^(?:API_KEY_INVALID|API_KEY_SERVICE_BLOCKED|PERMISSION_DENIED|UNAUTHENTICATED|SERVICE_DISABLED)$/,
    },
    { type: 'invalid_key', message: /API key not valid|API key expired/i },
    { type: 'content_safety', word: /^prompt_blocked$/ },
    { type: 'context_too_long', message: /input token count|exceeds the maximum number of tokens/i },
    { type: 'unknown_model', word: /^NOT_FOUND$/ },
    { type: 'overloaded', word: /^UNAVAILABLE$/ },
    { type: 'timeout', word: /^DEADLINE_EXCEEDED$/ },
    { type: 'invalid_request', word: /^(?:INVALID_ARGUMENT|FAILED_PRECONDITION)$/ },
    { type: 'server', word: /^(?:INTERNAL|UNKNOWN)$/ },
  ],
  remedies: {
    invalid_key:
      'check the key at aistudio.google.com, and that its project has the Generative Language API switched on',
    quota:
      'the project’s day or free tier is used up: enable billing at aistudio.google.com, or wait for the next day (Pacific time)',
    unknown_model: 'name a model that /v1beta/models lists for this key',
    rate_limit: 'lower requestsPerSecond of this entry to the project’s limits at aistudio.google.com/rate-limit',
    overloaded: 'ask again later, or name another model',
    content_safety: 'Google’s filter held the question or the answer back: another wording may pass',
    context_too_long: 'shorten the question, or name a model with a longer context',
    invalid_request:
      'check the model’s parameters; “location is not supported” means that Google does not serve the caller’s country',
  },
  search: { gemini: { tools: [{ google_search: {} }] } },
  noSearch: 'use the codec gemini with baseUrl https://generativelanguage.googleapis.com/v1beta',
  thinking: (codec) => {
    if (codec !== 'gemini') {
      const degree = (effort: string): Fields => ({ reasoning_effort: effort });
      return { off: degree('none'), low: degree('low'), medium: degree('medium'), high: degree('high') };
    }
    const level = (thinkingLevel: string): Fields => ({ generationConfig: { thinkingConfig: { thinkingLevel } } });
    return {
      off: { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } },
      ...{ minimal: level('minimal'), low: level('low'), medium: level('medium'), high: level('high') },
    };
  },
};
