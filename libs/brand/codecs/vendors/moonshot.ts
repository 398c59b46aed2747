/**
 * Moonshot (Kimi). Errors: platform.moonshot.cn/docs/api/errors; search: /docs/guide/use-web-search, a built-in function whose
 * arguments are sent back; it needs thinking switched off.
 */
import type { Vendor } from './vendor.ts';

/** The name of the search. It searches when the arguments that the model made are sent back unchanged. */
export const MOONSHOT_SEARCH = '$web_search';

export const moonshot: Vendor = {
  hosts: ['moonshot.cn', 'moonshot.ai'],
  errors: [
    { type: 'quota', word: /^exceeded_current_quota_error$/ },
    { type: 'overloaded', word: /^engine_overloaded_error$/ },
    { type: 'rate_limit', word: /^rate_limit_reached_error$/ },
    { type: 'invalid_key', word: /^(?:invalid_authentication_error|incorrect_api_key_error|permission_denied_error)$/ },
    { type: 'unknown_model', word: /^resource_not_found_error$/ },
    { type: 'content_safety', word: /^content_filter$/ },
    { type: 'context_too_long', message: /exceeded model token limit|input token length too long/i },
  ],
  remedies: {
    invalid_key:
      'check the key and its site: a key of platform.moonshot.cn does not work at api.moonshot.ai, nor the other way round',
    quota: 'top up the account at Moonshot’s platform; waiting does not help',
    unknown_model: 'name a model that /v1/models of Moonshot lists for this account',
    rate_limit: 'lower concurrency and requestsPerSecond of this entry to the account’s tier',
    overloaded: 'ask again later: Moonshot has no capacity now',
    content_safety: 'Moonshot’s filter held the question or the answer back: another wording may pass',
    context_too_long: 'shorten the question, or name a model with a longer context',
  },
  search: {
    'openai-chat': { tools: [{ type: 'builtin_function', function: { name: MOONSHOT_SEARCH } }] },
  },
  noSearch: 'use the codec openai-chat',
  thinking: () => ({ off: { thinking: { type: 'disabled' } }, on: { thinking: { type: 'enabled' } } }),
};
