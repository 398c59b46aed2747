/** Carries out the faults of a plan at their times, and writes down what was done when. */
import { setTimeout as delay } from 'node:timers/promises';
import { definitionOf } from './faults/index.ts';
import type { Fleet } from './fleet.ts';
import type { Messages } from './messages.ts';
import type { ChaosNetwork } from './network.ts';
import type { FaultKind, PlannedFault } from './plan.ts';
import type { Affected } from './recovery.ts';
import type { ChaosServers } from './servers.ts';

export interface Struck {
  readonly fault: PlannedFault;
  /** When it was, in milliseconds from the first submission. */
  readonly atMs: number;
  /** What was done, in words. */
  readonly what: string;
  /** False when it found nothing to do, however often it was tried, or failed. */
  readonly isDone: boolean;
}

export interface StrikeDeps {
  readonly fleet: Fleet;
  readonly servers: ChaosServers;
  readonly messages: Messages;
  readonly network: ChaosNetwork;
  readonly now: () => number;
  /** Told when a fault takes effect. */
  readonly onEffect: (fault: FaultKind, affected: Affected) => void;
  readonly onStruck: (struck: Struck) => void;
}

/** A fault that finds its process struck already, its server down or no message, is tried again. */
const TRIES = 60;
const AGAIN_MS = 500;

/** Resolves when the last fault has been carried out and everything is up again. */
export async function strikeAll(deps: StrikeDeps, faults: readonly PlannedFault[], signal: AbortSignal): Promise<void> {
  const underWay: Promise<void>[] = [];
  /** What faults that were alone have taken: those after them are as far apart as planned. */
  let aloneMs = 0;
  try {
    for (const fault of faults) {
      await delay(Math.max(0, fault.atMs + aloneMs - deps.now()), undefined, { signal });
      // The next one does not wait for this one: faults overlap as they like, but for those that are alone.
      const { isAlone = false } = definitionOf(fault.kind);
      const sinceMs = deps.now();
      if (isAlone) await Promise.all(underWay);
      underWay.push(strike(deps, fault));
      if (!isAlone) continue;
      await Promise.all(underWay);
      aloneMs += deps.now() - sinceMs;
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
    const { fleet, servers, messages, network } = deps;
    const { kind, atMs: _, ...data } = fault;
    const onEffect = (affected: Affected) => deps.onEffect(kind, affected);
    const scene = { fleet, servers, messages, network, onEffect };
    let what: string | undefined;
    for (let tries = 0; tries < TRIES && what === undefined; tries += 1) {
      if (tries > 0) await delay(AGAIN_MS);
      what = await definitionOf(kind).strike(scene, data);
    }
    deps.onStruck({ fault, atMs, what: what ?? 'found nothing to do', isDone: what !== undefined });
  } catch (error) {
    deps.onStruck({ fault, atMs, what: error instanceof Error ? error.message : String(error), isDone: false });
  }
}
