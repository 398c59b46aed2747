import { setTimeout as delay } from 'node:timers/promises';
import { defineFault } from './fault.ts';

/** Two of the three servers of NATS are killed. */
export const natsQuorum = defineFault<'nats_quorum', { readonly first: number; readonly downMs: number }>({
  kind: 'nats_quorum',
  perRound: 1,
  draw: ({ dice }) => ({ first: dice.between(0, 2), downMs: dice.between(500, 3_000) }),
  async strike({ servers, onEffect }, fault) {
    const [first, second] = [fault.first, fault.first + 1].map((at) => servers.nats.members[at % 3]!);
    if (first?.isUp !== true || second?.isUp !== true) return undefined;
    await Promise.all([first.halt('SIGKILL'), second.halt('SIGKILL')]);
    onEffect('any');
    await delay(fault.downMs);
    await Promise.all([first.resume(), second.resume()]);
    return `killed ${first.name} and ${second.name}, so that no leader was left, started again after ${fault.downMs} ms`;
  },
  seen: ({ done }) => ({ 'quorums of NATS lost': done.length }),
});
