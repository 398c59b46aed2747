/** Carries out the faults of a plan at their times, and writes down what was done when. */
import { setTimeout as delay } from 'node:timers/promises';
import { definitionOf } from './faults/index.ts';
import type { Fleet } from './fleet.ts';
import type { Messages } from './messages.ts';
import type { FaultKind, PlannedFault } from './plan.ts';
import type { Affected } from './recovery.ts';
import type { ChaosServers } from './servers.ts';

export interface Struck {
  readonly fault: PlannedFault;
  /** When it was, in milliseconds from the first submission. */
  readonly atMs: number;
  /** What was done, in words. */
  readonly what: string;
  /** False when it found nothing to do: its process was struck already, its server down. */
  readonly isDone: boolean;
}

export interface StrikeDeps {
  readonly fleet: Fleet;
  readonly servers: ChaosServers;
  readonly messages: Messages;
  readonly now: () => number;
  /** Told when a fault takes effect. */
  readonly onEffect: (fault: FaultKind, affected: Affected) => void;
  readonly onStruck: (struck: Struck) => void;
}

/** Resolves when the last fault has been carried out and everything is up again. */
export async function strikeAll(deps: StrikeDeps, faults: readonly PlannedFault[], signal: AbortSignal): Promise<void> {
  const underWay: Promise<void>[] = [];
  try {
    for (const fault of faults) {
      await delay(Math.max(0, fault.atMs - deps.now()), undefined, { signal });
      // The next one does not wait for this one: faults overlap as they like.
      underWay.push(strike(deps, fault));
    }
  } finally {
    // Also when there is no time left: a server that is down has yet to come up, to be stopped with the others.
    await Promise.all(underWay);
  }
  await deps.fleet.whole();
}

async function strike(deps: StrikeDeps, fault: PlannedFault): Promise<void> {
  const atMs = Math.round(deps.now());
  try {
    const { fleet, servers, messages } = deps;
    const { kind, atMs: _, ...data } = fault;
    const onEffect = (affected: Affected) => deps.onEffect(kind, affected);
    const what = await definitionOf(kind).strike({ fleet, servers, messages, onEffect }, data);
    deps.onStruck({ fault, atMs, what: what ?? 'was struck already', isDone: what !== undefined });
  } catch (error) {
    deps.onStruck({ fault, atMs, what: error instanceof Error ? error.message : String(error), isDone: false });
  }
}
