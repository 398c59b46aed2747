import { defineFault } from './fault.ts';

/** For a while messages are taken out of their streams, and put back `delayMs` later. */
export const delay = defineFault<'delay', { readonly forMs: number; readonly delayMs: number }>({
  kind: 'delay',
  perRound: 1,
  draw: ({ dice }) => ({ forMs: 1_500, delayMs: dice.between(500, 4_000) }),
  async strike({ messages, onEffect }, data) {
    // NATS may be away, or have no stream.
    const held = await messages.holdBack(data).catch(() => 0);
    if (held === 0) return undefined;
    onEffect('any');
    return `held ${held} messages back for ${data.delayMs} ms`;
  },
  seen: ({ messages }) => ({ 'messages delayed': messages.delayed }),
});
