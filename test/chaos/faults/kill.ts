import { affectedBy, defineFault } from './fault.ts';

/** A process is killed with -9, and started again `downMs` after. */
export const kill = defineFault<'kill', { readonly member: number; readonly downMs: number }>({
  kind: 'kill',
  perRound: 3,
  draw: ({ victims, dice }) => ({ member: victims(), downMs: dice.between(100, 2_000) }),
  async strike({ fleet, onEffect }, { member, downMs }) {
    if (fleet.isStruck(member)) return undefined;
    const name = fleet.nameOf(member);
    await fleet.kill(member, downMs);
    onEffect(affectedBy(name));
    return `killed ${name}, started again after ${downMs} ms`;
  },
  seen: ({ done }) => ({ 'processes killed': done.length }),
});
