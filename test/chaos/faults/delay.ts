import { defineFault } from './fault.ts';

/** For a while messages are taken out of their streams, and put back `delayMs` later. */
export const delay = defineFault<'delay', { readonly forMs: number; readonly delayMs: number }>({
  kind: 'delay',
  // NATS may have no streams at one of the times.
  perRound: 2,
  draw: ({ dice }) => ({ forMs: 1_500, delayMs: dice.between(500, 4_000) }),
  async strike({ messages, onEffect }, data) {
    const held = await messages.holdBack(data);
    onEffect('any');
    return `held ${held} messages back for ${data.delayMs} ms`;
  },
  seen: ({ messages }) => ({ 'messages delayed': messages.delayed }),
});
