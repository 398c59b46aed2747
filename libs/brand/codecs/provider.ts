/** The configuration of a model. */
import { z } from 'zod';
import type { Usage } from './model-call.ts';
import { CODEC_NAMES, type Fields, THINKING } from './vendors/vendor.ts';
import { VENDOR_NAMES, VENDORS, vendorNameOf } from './vendors/vendors.ts';

/** The rows of the table of timeouts. */
export const MODEL_FAMILIES = ['doubao', 'qwen', 'deepseek', 'zhipu'] as const;
export type ModelFamily = (typeof MODEL_FAMILIES)[number];

const entrySchema = z.strictObject({
  /** The name of the model in tasks and reports. */
  name: z.string().min(1),
  codec: z.enum(CODEC_NAMES),
  /** With the version in its path, without the operation: `https://ark.cn-beijing.volces.com/api/v3`. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  /** The provider's id of the model or of its endpoint. */
  model: z.string().min(1),
  /**
   * The name of the key: a field of the account's login or an environment variable, never the key itself. Without it no key is sent, as for a
   * model on this machine.
   */
  keyReference: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional(),
  /** Whose errors, search and switches these are; default: by the host of `baseUrl`, else by the codec. */
  vendor: z.enum(VENDOR_NAMES).optional(),
  /** The row of the table of timeouts; default: by the model's name. */
  family: z.enum(MODEL_FAMILIES).optional(),
  /**
   * Default: true, so that the text of an answer that is cut off is kept; false where the provider's search returns its pages in
   * whole bodies only (BigModel).
   */
  streaming: z.boolean().optional(),
  /** Asks for the provider's web search, where the format returns its sources. */
  search: z.boolean().default(false),
  /** How much the model thinks before it answers; default: the provider's. `off` is the fastest. */
  thinking: z.enum(THINKING).optional(),
  /** The provider's tier of service, such as `priority`. */
  serviceTier: z.string().min(1).optional(),
  /** The most tokens of an answer of this model, in place of the input's: one that thinks needs room for that. */
  maxTokens: z.int().min(1).max(100_000).optional(),
  limits: z
    .strictObject({ requestsPerSecond: z.number().positive(), concurrency: z.int().positive() })
    .default({ requestsPerSecond: 2, concurrency: 8 }),
  /** In one currency for the whole registry, per million tokens. Without it the cost of a call is unknown. */
  pricePerMillionTokens: z
    .strictObject({
      input: z.number().nonnegative(),
      output: z.number().nonnegative(),
      /** Of input that the provider had cached; default: that of other input. */
      cachedInput: z.number().nonnegative().optional(),
    })
    .optional(),
  /** Of the provider's search; without it the cost of searches is unknown. */
  pricePerThousandSearches: z.number().nonnegative().optional(),
  /** The day on which the prices were looked up, such as 2026-03-01: they change. */
  pricesAsOf: z.iso.date().optional(),
  /** The page on which they were looked up. */
  pricesSource: z.url({ protocol: /^https?$/ }).optional(),
  /** Fields that are added to the body unchanged: `{enable_search: true}`, `{tools: [{type: "web_search"}]}`. They override others. */
  extraBody: z.record(z.string(), z.unknown()).default({}),
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
});

/** One entry of the registry. Unknown fields are refused, so that a typing error is not silently ignored. */
export const providerSchema = entrySchema.superRefine((entry, context) => {
  const vendorName = vendorNameOf(entry);
  const vendor = VENDORS[vendorName];
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  const { codec, search, thinking, serviceTier } = entry;
  if (search && vendor.search[codec] === undefined && !entry.model.startsWith('bot-')) {
    refuse('search', `${vendorName} has no search with sources in ${codec}: ${vendor.noSearch}`);
  }
  if (search && vendor.searchNeedsWholeBody === true && entry.streaming === true) {
    refuse('streaming', `${vendorName} returns the pages of its search in whole bodies only: leave streaming out`);
  }
  const degrees = vendor.thinking(codec);
  if (thinking !== undefined && degrees[thinking] === undefined) {
    const known = Object.keys(degrees);
    const has = known.length === 0 ? 'no such switch; write its fields into extraBody' : known.join(', ');
    refuse('thinking', `${vendorName} has ${has}`);
  }
  if (serviceTier !== undefined && vendor.serviceTierField === undefined) {
    refuse('serviceTier', `${vendorName} has no tiers of service`);
  }
});

export type Provider = z.output<typeof providerSchema>;

/** Whether answers are asked for as a stream. */
export function isStreamed(provider: Pick<Provider, 'streaming' | 'search' | 'vendor' | 'baseUrl' | 'codec'>): boolean {
  if (provider.streaming !== undefined) return provider.streaming;
  return !(provider.search && VENDORS[vendorNameOf(provider)].searchNeedsWholeBody === true);
}

/** The body fields of an entry's switches: search, thinking, tier of service. */
export function switchesOf(provider: Provider): readonly Fields[] {
  const { codec, search, thinking, serviceTier } = provider;
  const vendor = VENDORS[vendorNameOf(provider)];
  return [
    ...(search ? [vendor.search[codec] ?? {}] : []),
    ...(thinking === undefined ? [] : [vendor.thinking(codec)[thinking] ?? {}]),
    ...(serviceTier === undefined || vendor.serviceTierField === undefined
      ? []
      : [{ [vendor.serviceTierField]: serviceTier }]),
  ];
}

/** Whether answers of this entry come from a search of the provider. */
export function searches({ search, codec, model }: Pick<Provider, 'search' | 'codec' | 'model'>): boolean {
  return search || codec === 'perplexity' || model.startsWith('bot-');
}

type Priced = Pick<Provider, 'pricePerMillionTokens' | 'pricePerThousandSearches'>;

/**
 * What counted tokens and searches cost, in the registry's currency. Undefined if it is unknown: without a price, or if the
 * provider counted no input or no output.
 */
export function costOf(usage: Usage | null, { pricePerMillionTokens: price, pricePerThousandSearches }: Priced) {
  if (price === undefined || usage === null || usage.inputTokens === null || usage.outputTokens === null)
    return undefined;
  const cached = Math.min(usage.cachedTokens ?? 0, usage.inputTokens);
  const input = (usage.inputTokens - cached) * price.input + cached * (price.cachedInput ?? price.input);
  const searches = (usage.searchCalls ?? 0) * (pricePerThousandSearches ?? 0);
  return (input + usage.outputTokens * price.output) / 1_000_000 + searches / 1_000;
}
