import { defineFault } from './fault.ts';

/** For a while every nth message is sent again under a new id, at once and once more after `delayMs`. */
export const duplicate = defineFault<
  'duplicate',
  { readonly nth: number; readonly forMs: number; readonly delayMs: number }
>({
  kind: 'duplicate',
  perRound: 1,
  draw: ({ dice }) => ({ nth: dice.between(1, 3), forMs: 2_000, delayMs: dice.between(500, 4_000) }),
  async strike({ messages }, data) {
    const sent = await messages.duplicate(data);
    return sent === 0 ? undefined : `sent ${sent} messages twice more`;
  },
  seen: ({ messages, sampler }) => ({
    'messages duplicated': messages.duplicated,
    redeliveries: ['DUPLICATE_DONE', 'STALE_STEP', 'LOCKED_BY_OTHER'].reduce(
      (sum, code) => sum + sampler.answers('ptm_claim', code),
      0,
    ),
  }),
});
