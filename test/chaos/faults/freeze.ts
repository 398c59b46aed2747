import { affectedBy, defineFault } from './fault.ts';

/** A process is stopped (SIGSTOP) for longer than its leases last, and goes on as if nothing had been: a zombie. */
export const freeze = defineFault<'freeze', { readonly member: number; readonly forMs: number }>({
  kind: 'freeze',
  perRound: 4,
  draw: ({ holders, dice, leaseMs }) => ({ member: holders(), forMs: dice.between(leaseMs * 1.4, leaseMs * 2.5) }),
  async strike({ fleet, onEffect }, { member, forMs }) {
    if (fleet.isStruck(member)) return undefined;
    const name = fleet.nameOf(member);
    fleet.freeze(member, forMs);
    onEffect(affectedBy(name));
    return `stopped ${name} for ${forMs} ms`;
  },
  seen: ({ done, sampler }) => ({
    'processes stopped and continued': done.length,
    'fenced commits': ['ptm_commit_success', 'ptm_commit_error', 'ptm_release'].reduce(
      (sum, script) => sum + sampler.answers(script, 'FENCING_REJECT'),
      0,
    ),
    'recovered zombies': sampler.answers('ptm_recover_zombie', 'RECOVERED'),
  }),
});
