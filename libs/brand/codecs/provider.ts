/** The configuration of a model. */
import { z } from 'zod';

export const CODEC_NAMES = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'dashscope-native',
  'perplexity',
] as const;
export type CodecName = (typeof CODEC_NAMES)[number];

/** The rows of the table of timeouts. */
export const MODEL_FAMILIES = ['doubao', 'qwen', 'deepseek', 'zhipu'] as const;
export type ModelFamily = (typeof MODEL_FAMILIES)[number];

/** One entry of the registry. Unknown fields are refused, so that a typing error is not silently ignored. */
export const providerSchema = z.strictObject({
  /** The name of the model in tasks and reports. */
  name: z.string().min(1),
  codec: z.enum(CODEC_NAMES),
  /** With the version in its path, without the operation: `https://ark.cn-beijing.volces.com/api/v3`. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  /** The provider's id of the model or of its endpoint. */
  model: z.string().min(1),
  /** The name of the key: a field of the account's login or an environment variable, never the key itself. */
  keyReference: z.string().regex(/^[\w.-]{1,64}$/),
  /** The row of the table of timeouts; default: by the model's name. */
  family: z.enum(MODEL_FAMILIES).optional(),
  streaming: z.boolean().default(true),
  limits: z
    .strictObject({ requestsPerSecond: z.number().positive(), concurrency: z.int().positive() })
    .default({ requestsPerSecond: 2, concurrency: 8 }),
  /** In one currency for the whole registry, per million tokens. */
  pricePerMillionTokens: z
    .strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() })
    .default({ input: 0, output: 0 }),
  /** Fields that are added to the body unchanged: `{enable_search: true}`, `{tools: [{type: "web_search"}]}`. They override others. */
  extraBody: z.record(z.string(), z.unknown()).default({}),
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
});

export type Provider = z.output<typeof providerSchema>;

/** The cost of a call in the registry's currency; 0 if the provider sent no usage. */
export function costOf(
  usage: { readonly inputTokens: number | null; readonly outputTokens: number | null } | null,
  { pricePerMillionTokens: { input, output } }: Pick<Provider, 'pricePerMillionTokens'>,
): number {
  return usage === null ? 0 : ((usage.inputTokens ?? 0) * input + (usage.outputTokens ?? 0) * output) / 1_000_000;
}
