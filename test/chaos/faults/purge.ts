import { defineFault } from './fault.ts';

/** The whole stream of requests is thrown away, or everything that waits for any stage. */
export const purge = defineFault<'purge', { readonly what: 'requests' | 'everything' }>({
  kind: 'purge',
  perRound: 1,
  draw: ({ purges }) => ({ what: purges }),
  async strike({ messages, onEffect }, { what }) {
    const purged = await messages.purge(what);
    onEffect(what === 'requests' ? 'request' : 'any');
    return `purged ${purged} messages, ${what} that waited`;
  },
  seen: ({ messages }) => ({ 'messages purged': messages.purged }),
});
