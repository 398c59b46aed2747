import { defineFault } from './fault.ts';

/** For a while every nth message is sent again under a new id, at once and once more after `delayMs`. */
export const duplicate = defineFault<
  'duplicate',
  { readonly nth: number; readonly forMs: number; readonly delayMs: number }
>({
  kind: 'duplicate',
  // NATS may have no streams at one of the times.
  perRound: 2,
  draw: ({ dice }) => ({ nth: dice.between(1, 3), forMs: 2_000, delayMs: dice.between(500, 4_000) }),
  strike: async ({ messages }, data) => `sent ${await messages.duplicate(data)} messages twice more`,
  seen: ({ messages, sampler }) => ({
    'messages duplicated': messages.duplicated,
    redeliveries: ['DUPLICATE_DONE', 'STALE_STEP', 'LOCKED_BY_OTHER'].reduce(
      (sum, code) => sum + sampler.answers('ptm_claim', code),
      0,
    ),
  }),
});
