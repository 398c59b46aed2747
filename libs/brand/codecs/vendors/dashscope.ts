/**
 * Alibaba DashScope (Qwen). Codes: help.aliyun.com/zh/model-studio/error-code; search: /web-search (`search_options`);
 * thinking: /deep-thinking (`enable_thinking`).
 */
import type { Vendor } from './vendor.ts';

export const dashscope: Vendor = {
  hosts: ['dashscope.aliyuncs.com', 'dashscope-intl.aliyuncs.com', 'dashscope-us.aliyuncs.com', 'maas.aliyuncs.com'],
  errors: [
    { type: 'quota', word: /^(?:Arrearage|AllocationQuota|BudgetExceeded)/ },
    // Throttling.AllocationQuota and its insufficient_quota of the compatible formats are tokens per minute.
    { type: 'rate_limit', word: /^Throttling|^insufficient_quota$|^limit_requests|^limit_burst_rate|^rate_limit/ },
    { type: 'quota', message: /account is in good standing|free allocated quota/i },
    { type: 'content_safety', word: /DataInspectionFailed|data_inspection_failed/i },
    { type: 'content_safety', message: /inappropriate content/i },
    {
      type: 'unknown_model',
      word: /^(?:ModelNotFound|model_not_found|Model\.AccessDenied|AccessDenied\.Unpurchased|Model\.NotFound|InvalidModel)/i,
    },
    {
      type: 'unknown_model',
      message: /model .* (?:not exist|does not exist|not supported)|not authorized to access (?:this|the) model/i,
    },
    {
      type: 'context_too_long',
      message: /range of input length|input length|maximum context|total message token length/i,
    },
    { type: 'invalid_key', word: /^(?:InvalidApiKey|invalid_api_key|AccessDenied|access_denied)/i },
    { type: 'overloaded', word: /^(?:ModelServingError|ServiceUnavailable|ModelUnavailable|model_overloaded)/ },
    { type: 'timeout', word: /^RequestTimeOut|^ResponseTimeout/i },
    { type: 'server', word: /^(?:InternalError|SystemError|ModelServiceFailed|internal_error)/ },
  ],
  remedies: {
    invalid_key:
      'check the key of Model Studio and its region: a key of mainland China does not work at dashscope-intl, nor the other way round',
    quota:
      'pay the account’s bill at Alibaba Cloud, or switch off “free tier only” for the model in Model Studio; waiting does not help',
    unknown_model: 'check the model’s name and that it is activated in Model Studio in the region of baseUrl',
    rate_limit: 'lower requestsPerSecond and concurrency of this entry to the limits of the model in Model Studio',
    overloaded: 'ask again later, or name another model',
    content_safety: 'DashScope’s inspection held the question or the answer back: another wording may pass',
    context_too_long: 'shorten the question, or name a model with a longer context',
  },
  search: {
    'dashscope-native': {
      parameters: {
        enable_search: true,
        search_options: { enable_source: true, enable_citation: true, citation_format: '[<number>]' },
      },
    },
    'openai-responses': { tools: [{ type: 'web_search' }] },
  },
  noSearch:
    'use the codec dashscope-native with baseUrl …/api/v1: the compatible chat searches, and returns no sources',
  thinking: (codec) => {
    const fields = (isOn: boolean) => {
      const own = { enable_thinking: isOn };
      return codec === 'dashscope-native' ? { parameters: own } : own;
    };
    return { off: fields(false), on: fields(true) };
  },
};
