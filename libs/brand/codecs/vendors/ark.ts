/**
 * Volcengine Ark (Doubao). Codes: volcengine.com/docs/82379/1299023; search: /1756990 (Responses) and applications (bot-…);
 * thinking: /1449737; tiers: `service_tier` of the chat and Responses API.
 */
import type { Fields, Vendor } from './vendor.ts';

const switched = (type: string): Fields => ({ thinking: { type } });

export const ark: Vendor = {
  hosts: ['volces.com', 'bytepluses.com'],
  errors: [
    {
      type: 'quota',
      word: /^(?:AccountOverdueError|OperationDenied\.ServiceOverdue|InvalidAccountStatus|InvalidSubscription)$/,
    },
    { type: 'quota', word: /QuotaExceeded|^SetLimitExceeded|FreeTier/ },
    { type: 'overloaded', word: /^ServerOverloaded/ },
    { type: 'rate_limit', word: /RateLimitExceeded|^RequestBurstTooFast|^InflightBatchsizeExceeded|^TooManyRequests/ },
    {
      type: 'unknown_model',
      word: /^(?:InvalidEndpointOrModel|ModelNotOpen|UnsupportedModel|InvalidEndpoint|OperationDenied\.ServiceNotOpen)/,
    },
    { type: 'unknown_model', status: 404, word: /NotFound/ },
    { type: 'content_safety', word: /SensitiveContentDetected|RiskDetection|ContentSecurity/ },
    { type: 'context_too_long', word: /^OutofContextError|^InputTokenExceed|ContextLength/i },
    {
      type: 'context_too_long',
      message:
        /(?:total|input) tokens of .*exceed|exceeds? (?:the )?max(?:imum)? (?:context|input|message) (?:length|tokens)/i,
    },
    {
      type: 'invalid_key',
      word: /^(?:AuthenticationError|AccessDenied|InvalidApiKey|MissingHeader|SignatureDoesNotMatch)|PermissionDenied/i,
    },
    { type: 'server', word: /^InternalServiceError/ },
  ],
  remedies: {
    invalid_key: 'check the API key of Ark (console.volcengine.com/ark, API keys) and that it may use this endpoint',
    quota:
      'pay the account’s open bill, or raise or switch off the limit of the model, in the console of Volcengine; waiting does not help',
    unknown_model: 'activate the model in the console of Ark, or name one of its endpoints (ep-…) in the registry',
    rate_limit:
      'lower requestsPerSecond and concurrency of this entry to the RPM and TPM of the model in the console of Ark',
    overloaded: 'ask again later, or reserve capacity (service_tier) in the console of Ark',
    content_safety: 'Ark’s filter held the question or the answer back: another wording may pass',
    context_too_long: 'shorten the question, or lower maxTokens',
  },
  search: { 'openai-responses': { tools: [{ type: 'web_search' }] } },
  noSearch: 'use the codec openai-responses, or an application of Ark with search (model: bot-…)',
  thinking: (codec) => {
    const degree = (effort: string): Fields =>
      codec === 'openai-responses' ? { reasoning: { effort } } : { reasoning_effort: effort };
    return {
      ...{ off: switched('disabled'), on: switched('enabled') },
      ...{ minimal: degree('minimal'), low: degree('low'), medium: degree('medium'), high: degree('high') },
    };
  },
  serviceTierField: 'service_tier',
};
