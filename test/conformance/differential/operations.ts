/** What the generated runs of the conformance suite leave out: calls out of place, hostile ones, and every earlier call again. */
import fc from 'fast-check';

/** `pick` chooses among what is there at that moment. */
export type Extra = { readonly pick: number } & (
  | { readonly kind: 'resend' }
  | {
      readonly kind: 'claimAny';
      readonly epochOffset: number;
      readonly stage: 'downloader' | 'parser';
      readonly alone: boolean;
    }
  | { readonly kind: 'decideAny'; readonly errors: number; readonly cools: boolean; readonly attempts: number }
  | { readonly kind: 'fallbackAny' }
  | { readonly kind: 'retryAny'; readonly attempts: number }
  | { readonly kind: 'recoverAny'; readonly budget: number }
  | { readonly kind: 'suspectAny' }
  | { readonly kind: 'pumpAny'; readonly wakeUps: number }
  | { readonly kind: 'drainAny'; readonly limit: number }
  | { readonly kind: 'settle' }
  | { readonly kind: 'audit' }
  | { readonly kind: 'early' }
  | { readonly kind: 'replayAny'; readonly rejoin: boolean }
  | {
      readonly kind: 'wrongChildren';
      readonly how: 'back' | 'beyond' | 'twice' | 'known' | 'many';
      readonly stages: boolean;
    }
  | { readonly kind: 'wrongCount' }
  | { readonly kind: 'wrongToken' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'read'; readonly limit: number }
  | { readonly kind: 'cool'; readonly ms: number }
);

export type ExtraKind = Extra['kind'];

const small = fc.nat({ max: 3 });

function extra<Fields extends object>(
  weight: number,
  kind: ExtraKind,
  fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> },
) {
  const arbitrary = fc.record({ pick: fc.nat({ max: 10_000 }), kind: fc.constant(kind), ...fields });
  return { weight, arbitrary: arbitrary as unknown as fc.Arbitrary<Extra> };
}

const anyExtra = fc.oneof(
  extra(10, 'resend', {}),
  extra(4, 'claimAny', {
    epochOffset: fc.constantFrom(-1, 0, 0, 1),
    stage: fc.constantFrom('downloader' as const, 'parser' as const),
    alone: fc.boolean(),
  }),
  extra(4, 'decideAny', { errors: fc.constantFrom(1, 2, 3, 9, 9, 9), cools: fc.boolean(), attempts: small }),
  extra(2, 'fallbackAny', {}),
  extra(1, 'retryAny', { attempts: small }),
  extra(2, 'recoverAny', { budget: small }),
  extra(2, 'suspectAny', {}),
  extra(1, 'pumpAny', { wakeUps: small }),
  extra(2, 'drainAny', { limit: fc.constantFrom(1, 2, 100) }),
  extra(1, 'settle', {}),
  extra(1, 'audit', {}),
  extra(2, 'early', {}),
  extra(2, 'replayAny', { rejoin: fc.boolean() }),
  extra(2, 'wrongChildren', {
    how: fc.constantFrom('back' as const, 'beyond' as const, 'twice' as const, 'known' as const, 'many' as const),
    stages: fc.boolean(),
  }),
  extra(1, 'wrongCount', {}),
  extra(1, 'wrongToken', {}),
  extra(1, 'unknown', {}),
  extra(1, 'read', { limit: fc.integer({ min: 1, max: 4 }) }),
  extra(2, 'cool', { ms: fc.constantFrom(1, 30_000, 120_000) }),
);

/** Each stands behind so many of the usual operations. */
export interface PlacedExtra {
  readonly behind: number;
  readonly operation: Extra;
}

// Without bias: short sequences come by shrinking, long ones find things.
export const placedExtras: fc.Arbitrary<readonly PlacedExtra[]> = fc.noBias(
  fc.array(fc.record({ behind: fc.nat({ max: 100 }), operation: anyExtra }), { maxLength: 40, size: 'max' }),
);

/** Both lists as one, each extra in its place. */
export function interleave<T>(usual: readonly T[], extras: readonly PlacedExtra[]): (T | Extra)[] {
  const all: (T | Extra)[] = [];
  for (let at = 0; at <= usual.length; at++) {
    const isLast = at === usual.length;
    const here = extras.filter(({ behind }) => behind === at || (isLast && behind > at));
    all.push(...here.map(({ operation }) => operation));
    if (!isLast) all.push(usual[at]!);
  }
  return all;
}
