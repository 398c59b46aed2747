/**
 * A holder gives its lease up: its process stops, or a backend did not answer. The node has not caused it, so no crash is counted, and
 * nobody waits for the end of the lease.
 */

import { type Held, RecoverCode, type RecoverOutcome } from '../../coordination/protocol/claims.ts';
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

/** Gives one lease or fetched node back without notifying anybody: the node is due after its dispatch grace. */
export function giveUp(coordinator: HandBackDeps['coordinator'], { node, token }: Held): Promise<RecoverOutcome> {
  // No crash is counted, so the crash budget does not matter.
  return coordinator.recoverZombie({ node, token, crashBudget: Number.MAX_SAFE_INTEGER, isHandedBack: true });
}

/** Gives one lease or fetched node back and notifies its next holder. Never rejects: without an answer the lease runs out. */
export async function handBack({ coordinator, runs, publisher, log }: HandBackDeps, held: Held): Promise<boolean> {
  try {
    const { code, wakeUps } = await giveUp(coordinator, held);
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
