/**
 * Anthropic. Errors: docs.anthropic.com/en/api/errors; search: /en/docs/agents-and-tools/tool-use/web-search-tool; tiers:
 * /en/api/service-tiers.
 */
import type { Vendor } from './vendor.ts';

const MAX_SEARCHES = 5;

export const anthropic: Vendor = {
  hosts: ['anthropic.com'],
  errors: [
    { type: 'quota', word: /^billing_error$/ },
    { type: 'quota', message: /credit balance is too low|usage limits|spend limit/i },
    { type: 'context_too_long', message: /prompt is too long|exceed context limit|context window/i },
    { type: 'context_too_long', word: /^request_too_large$/ },
    { type: 'unknown_model', word: /^not_found_error$/ },
    { type: 'overloaded', word: /^overloaded_error$/ },
    { type: 'rate_limit', word: /^rate_limit_error$/ },
    { type: 'invalid_key', word: /^(?:authentication_error|permission_error)$/ },
    { type: 'content_safety', message: /content filtering policy|blocked by/i },
    { type: 'timeout', word: /^timeout_error$/ },
    { type: 'server', word: /^api_error$/ },
  ],
  remedies: {
    invalid_key:
      'check the key and its workspace at console.anthropic.com, and that web search is allowed in its privacy settings',
    quota: 'buy credit or raise the spend limit at console.anthropic.com/settings/billing; waiting does not help',
    unknown_model: 'name a model that docs.anthropic.com lists and this workspace may use',
    rate_limit: 'lower requestsPerSecond of this entry to the limits at console.anthropic.com/settings/limits',
    overloaded: 'ask again later: Anthropic has no capacity now',
    content_safety: 'Anthropic’s filter held the answer back: another wording may pass',
    context_too_long: 'shorten the question, or lower maxTokens',
    refused: 'the model declined: another wording may pass',
  },
  search: {
    'anthropic-messages': { tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: MAX_SEARCHES }] },
  },
  noSearch: 'use the codec anthropic-messages',
  thinking: () => ({ off: { thinking: { type: 'disabled' } } }),
  serviceTierField: 'service_tier',
};
