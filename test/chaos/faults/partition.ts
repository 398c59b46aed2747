import { setTimeout as delay } from 'node:timers/promises';
import type { Direction } from '../network.ts';
import type { ChaosServers } from '../servers.ts';
import { affectedBy, defineFault } from './fault.ts';

/** In this order, so that each round has them all. */
const CUTS: readonly { readonly from: ServerName; readonly direction: Direction }[] = [
  { from: 'redis', direction: 'both' },
  { from: 'redis', direction: 'answers' },
  { from: 'nats', direction: 'both' },
  { from: 'nats', direction: 'requests' },
  { from: 'postgres', direction: 'both' },
  { from: 'postgres', direction: 'answers' },
];

type ServerName = 'redis' | 'nats' | 'postgres';

/** One process loses a server, or hears it and is not heard, or is heard and does not hear; others go on. */
export const partition = defineFault<
  'partition',
  { readonly member: number; readonly from: ServerName; readonly direction: Direction; readonly forMs: number }
>({
  kind: 'partition',
  isOfMachine: true,
  perRound: CUTS.length,
  draw: ({ victims, dice, leaseMs }, nth) => ({
    ...CUTS[nth]!,
    member: victims(),
    forMs: dice.between(leaseMs, leaseMs * 3),
  }),
  async strike({ fleet, servers, network, onEffect }, { member, from, direction, forMs }) {
    if (fleet.isStruck(member)) return undefined;
    const name = fleet.nameOf(member);
    const heal = await network.cut({ member, ports: portsOf(servers, from), direction });
    try {
      onEffect(affectedBy(name));
      await delay(forMs);
    } finally {
      await heal();
    }
    const what = { both: 'lost', requests: 'was not heard by', answers: 'did not hear' }[direction];
    return `${name} ${what} ${from} for ${forMs} ms`;
  },
  seen: ({ done }) =>
    Object.fromEntries(
      CUTS.map(({ from, direction }) => [
        `partitions from ${from}, ${direction}`,
        done.filter((each) => each.from === from && each.direction === direction).length,
      ]),
    ),
});

function portsOf({ redis, nats, postgres }: ChaosServers, from: ServerName): readonly number[] {
  if (from === 'postgres') return [postgres.port];
  return from === 'redis' ? redis.ports : nats.members.map(({ url }) => Number(new URL(url).port));
}
