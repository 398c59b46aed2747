/**
 * Zhipu BigModel (GLM), and Z.ai abroad. Codes: docs.bigmodel.cn/cn/api/api-code; search: /cn/guide/tools/web-search, whose pages
 * come in whole bodies only; thinking: /cn/guide/capabilities/thinking.
 */
import type { Vendor } from './vendor.ts';

export const zhipu: Vendor = {
  hosts: ['bigmodel.cn', 'api.z.ai'],
  errors: [
    { type: 'invalid_key', word: /^(?:100[0-4]|111[02]|1220)$/ },
    { type: 'quota', word: /^(?:1113|1304|1308|1309|1310|1316)$/ },
    { type: 'unknown_model', word: /^(?:1211|1221|1222|1311)$/ },
    { type: 'context_too_long', word: /^1261$/ },
    { type: 'invalid_request', word: /^(?:121[0234]|1215)$/ },
    { type: 'content_safety', word: /^1301$/ },
    { type: 'rate_limit', word: /^(?:130[23]|1313)$/ },
    { type: 'overloaded', word: /^(?:1305|1312|1234)$/ },
    { type: 'server', word: /^(?:500|1120|1230)$/ },
  ],
  remedies: {
    invalid_key: 'check the key at open.bigmodel.cn, and that it belongs to the site of baseUrl (bigmodel.cn or z.ai)',
    quota:
      'top up the account or its resource package at open.bigmodel.cn, or wait for the day’s or plan’s limit to end; asking again does not help',
    unknown_model: 'name a model that open.bigmodel.cn offers to this account',
    rate_limit: 'lower concurrency of this entry to that of the account’s level at open.bigmodel.cn',
    overloaded: 'ask again later, or name a less busy model',
    content_safety: 'BigModel’s filter held the question or the answer back: another wording may pass',
    context_too_long: 'shorten the question, or name a model with a longer context',
  },
  search: {
    'openai-chat': {
      tools: [{ type: 'web_search', web_search: { enable: true, search_engine: 'search_pro', search_result: true } }],
    },
  },
  noSearch: 'use the codec openai-chat',
  searchNeedsWholeBody: true,
  thinking: () => ({ off: { thinking: { type: 'disabled' } }, on: { thinking: { type: 'enabled' } } }),
};
