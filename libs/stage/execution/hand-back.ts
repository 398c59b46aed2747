/** What a process that stops still holds goes back to the coordinator, so that other processes need not wait for its leases to end. */

import type { Held } from '../../coordination/protocol/claims.ts';
import { RecoverCode } from '../../coordination/protocol/claims.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Publisher } from '../messages/publisher.ts';
import { childMessages } from '../messages/wake-ups.ts';
import type { Runs } from '../run/runs.ts';
import type { LeaseKeeper } from './lease.ts';

export interface HandBackDeps {
  readonly coordinator: Pick<Coordinator, 'recoverZombie'>;
  readonly runs: Pick<Runs, 'load'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly log: Log;
}

/** Leases given back at the same time. */
const AT_ONCE = 32;

/** Gives one lease or fetched node back and notifies its next holder. Never rejects: without an answer the lease runs out. */
export async function handBack({ coordinator, runs, publisher, log }: HandBackDeps, held: Held): Promise<boolean> {
  try {
    // No crash is counted, so the crash budget does not matter.
    const command = { ...held, crashBudget: Number.MAX_SAFE_INTEGER, isHandedBack: true } as const;
    const { code, wakeUps } = await coordinator.recoverZombie(command);
    if (code !== RecoverCode.RECOVERED) return false;
    if (wakeUps.length > 0) {
      await publisher.publish('sweeper', childMessages(wakeUps, await runs.load(held.node.runId)));
    }
    return true;
  } catch (error) {
    log.warn('a lease could not be handed back; it runs out', { node_id: held.node.id, error });
    return false;
  }
}

/** Aborts all executions that hold a lease and hands the leases back; resolves with their number. */
export async function handBackAll(deps: HandBackDeps, leases: LeaseKeeper): Promise<number> {
  const nodes = leases.endAll('the process stops');
  let count = 0;
  for (let at = 0; at < nodes.length; at += AT_ONCE) {
    const some = nodes.slice(at, at + AT_ONCE);
    const done = await Promise.all(some.map((node) => handBack(deps, { node, token: node.token })));
    count += done.filter(Boolean).length;
  }
  return count;
}
