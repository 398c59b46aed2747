/** What a call may cost, and what it has cost. */
import type { ModelAnswer, ModelReply, ModelRequest } from '../codecs/model-call.ts';
import { costOf, type Provider, searches } from '../codecs/provider.ts';
import type { CallItem } from './items.ts';

/** Extra tokens around the messages: roles, separators, the chat template. A generous bound. */
const FRAME_TOKENS = 64;

/**
 * In the registry's currency: a text has at most as many tokens as bytes, and an answer at most the allowed length. Pages
 * that a provider reads by itself, for example in its own search, are not included. Undefined without a price.
 */
export function mostOf(
  { json }: Pick<ModelRequest, 'json'>,
  maxTokens: number,
  provider: Provider,
): number | undefined {
  const inputTokens = Buffer.byteLength(JSON.stringify(json)) + FRAME_TOKENS;
  const uncounted = { reasoningTokens: null, cachedTokens: null, searchCalls: null };
  return costOf({ inputTokens, outputTokens: maxTokens, ...uncounted }, provider);
}

/** The cost of requests: what is counted, and the most that it can be. Null: unknown. */
export interface Spent {
  readonly counted: number | null;
  readonly atMost: number | null;
}

export const NOTHING_SPENT: Spent = { counted: 0, atMost: 0 };

/** The cost of one request by its reply. `most` is its bound before it was sent. */
export function spentOn(
  reply: ModelReply,
  page: { readonly status: number; readonly fromCache: boolean },
  provider: Provider,
  most: number | undefined,
): Spent {
  // A cached answer was paid by the call that received it first; providers charge nothing for an error.
  if (page.fromCache || page.status >= 400 || isErrorBody(reply)) return NOTHING_SPENT;
  const usage = (reply.ok ? reply.answer : reply.answer)?.usage ?? null;
  const counted = costOf(usage, provider);
  if (counted !== undefined) {
    const isWhole = provider.pricePerThousandSearches !== undefined || (usage?.searchCalls ?? 0) === 0;
    return { counted, atMost: isWhole ? counted : null };
  }
  // Without a price nothing is known; without a count, only the bound: and none, if the provider read pages of its own.
  if (most === undefined) return { counted: null, atMost: null };
  return { counted: 0, atMost: searches(provider) ? null : most };
}

/** An error in place of an answer, whatever the status. A body that cannot be read may have been an answer that was paid for. */
function isErrorBody(reply: ModelReply): boolean {
  return (
    !reply.ok &&
    reply.answer === undefined &&
    reply.error.error_type !== 'parse' &&
    reply.error.error_code !== 'cut_off'
  );
}

/** The sum; unknown if a part is. */
export function addSpent(a: Spent, b: Spent): Spent {
  const sum = (x: number | null, y: number | null): number | null => (x === null || y === null ? null : x + y);
  return { counted: sum(a.counted, b.counted), atMost: sum(a.atMost, b.atMost) };
}

/** The price of an entry, as rows keep it. */
export function priceOf({
  pricePerMillionTokens,
  pricePerThousandSearches,
  pricesAsOf,
  pricesSource,
}: Provider): CallItem['price'] {
  if (pricePerMillionTokens === undefined) return null;
  const { input, output, cachedInput } = pricePerMillionTokens;
  return {
    ...{ input, output, cachedInput: cachedInput ?? null },
    ...{ perThousandSearches: pricePerThousandSearches ?? null, asOf: pricesAsOf ?? null },
    source: pricesSource ?? null,
  };
}

/** Whether a provider counted what an answer took. */
export function isCounted({ usage }: ModelAnswer): boolean {
  return usage !== null && usage.inputTokens !== null && usage.outputTokens !== null;
}
