/**
 * OpenAI. Errors: platform.openai.com/docs/guides/error-codes; search: /docs/guides/tools-web-search; `service_tier` and
 * `reasoning.effort`: /docs/api-reference/responses.
 */
import type { Fields, Vendor } from './vendor.ts';

export const openai: Vendor = {
  hosts: ['openai.com', 'openai.azure.com'],
  errors: [
    {
      type: 'quota',
      word: /^(?:insufficient_quota|billing_hard_limit_reached|billing_not_active|credit_balance_exhausted)$|spend_limit_exceeded$|usage_limit_exceeded$/,
    },
    { type: 'context_too_long', word: /^(?:context_length_exceeded|string_above_max_length)$/ },
    { type: 'unknown_model', word: /^(?:model_not_found|DeploymentNotFound|invalid_model)$/ },
    {
      type: 'content_safety',
      word: /^(?:content_filter|content_policy_violation|invalid_prompt|ResponsibleAIPolicyViolation)$/,
    },
    { type: 'overloaded', word: /^(?:slow_down|server_overloaded|engine_overloaded)$/ },
    { type: 'overloaded', message: /overloaded/i },
    { type: 'rate_limit', word: /^(?:rate_limit_exceeded|tokens|requests)$/ },
    { type: 'invalid_key', word: /^(?:invalid_api_key|account_deactivated|unsupported_country_region_territory)$/ },
    { type: 'server', word: /^server_error$/ },
  ],
  remedies: {
    invalid_key: 'check the key, its project and the country of the caller at platform.openai.com',
    quota: 'add credit or raise the limit at platform.openai.com/settings/organization/billing; waiting does not help',
    unknown_model: 'name a model that this project may use, see platform.openai.com/settings/organization/limits',
    rate_limit:
      'lower requestsPerSecond of this entry to the RPM and TPM at platform.openai.com/settings/organization/limits',
    overloaded: 'ask again later, or set serviceTier: priority',
    content_safety: 'OpenAI’s filter held the question or the answer back: another wording may pass',
    context_too_long: 'shorten the question, or lower maxTokens',
    refused: 'the model declined: another wording may pass',
  },
  search: {
    'openai-responses': { tools: [{ type: 'web_search' }], include: ['web_search_call.action.sources'] },
    'openai-chat': { web_search_options: {} },
  },
  noSearch: 'use the codec openai-responses',
  thinking: (codec) => {
    const degree = (effort: string): Fields =>
      codec === 'openai-responses' ? { reasoning: { effort } } : { reasoning_effort: effort };
    return {
      ...{ off: degree('none'), minimal: degree('minimal') },
      ...{ low: degree('low'), medium: degree('medium'), high: degree('high') },
    };
  },
  serviceTierField: 'service_tier',
};
