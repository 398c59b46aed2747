/** Carries out the faults of a plan at their times, and writes down what was done when. */
import { setTimeout as delay } from 'node:timers/promises';
import { STREAMS } from '../../libs/contracts/subjects.ts';
import type { Fleet } from './fleet.ts';
import type { Messages } from './messages.ts';
import type { Fault, FaultKind, PlannedFault } from './plan.ts';
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
    const what = await carryOut(deps, fault);
    deps.onStruck({ fault, atMs, what: what ?? 'was struck already', isDone: what !== undefined });
  } catch (error) {
    deps.onStruck({ fault, atMs, what: error instanceof Error ? error.message : String(error), isDone: false });
  }
}

/** Answers what was done; undefined when there was nothing to do. */
async function carryOut({ fleet, servers, messages, onEffect }: StrikeDeps, fault: Fault): Promise<string | undefined> {
  switch (fault.kind) {
    case 'kill': {
      if (fleet.isStruck(fault.member)) return undefined;
      const name = fleet.nameOf(fault.member);
      await fleet.kill(fault.member, fault.downMs);
      onEffect('kill', affectedBy(name));
      return `killed ${name}, started again after ${fault.downMs} ms`;
    }
    case 'freeze': {
      if (fleet.isStruck(fault.member)) return undefined;
      const name = fleet.nameOf(fault.member);
      fleet.freeze(fault.member, fault.forMs);
      onEffect('freeze', affectedBy(name));
      return `stopped ${name} for ${fault.forMs} ms`;
    }
    case 'redis':
      await servers.redis.halt('SIGKILL');
      onEffect('redis', 'any');
      await delay(fault.downMs);
      await servers.redis.start();
      return `killed Redis, started again after ${fault.downMs} ms`;
    case 'nats':
      await servers.nats.halt('SIGKILL');
      onEffect('nats', 'any');
      await delay(fault.downMs);
      await servers.nats.resume({ keepData: fault.keepsData });
      return `killed all servers of NATS, started again after ${fault.downMs} ms ${fault.keepsData ? 'with its data' : 'empty'}`;
    case 'nats_leader': {
      const stream = STREAMS.find(({ consumer }) => consumer === 'downloader')!;
      const leader = await servers.nats.leaderOf(stream.name, stream.consumer).catch(() => undefined);
      if (leader?.isUp !== true) return undefined;
      await leader.halt('SIGKILL');
      onEffect('nats_leader', 'request');
      await delay(fault.downMs);
      await leader.resume();
      return `killed ${leader.name}, which led ${stream.consumer} of ${stream.name}, started again after ${fault.downMs} ms`;
    }
    case 'nats_quorum': {
      const [first, second] = [fault.first, fault.first + 1].map((at) => servers.nats.members[at % 3]!);
      if (first?.isUp !== true || second?.isUp !== true) return undefined;
      await Promise.all([first.halt('SIGKILL'), second.halt('SIGKILL')]);
      onEffect('nats_quorum', 'any');
      await delay(fault.downMs);
      await Promise.all([first.resume(), second.resume()]);
      return `killed ${first.name} and ${second.name}, so that no leader was left, started again after ${fault.downMs} ms`;
    }
    case 'purge': {
      const purged = await messages.purge(fault.what);
      onEffect('purge', fault.what === 'requests' ? 'request' : 'any');
      return `purged ${purged} messages, ${fault.what} that waited`;
    }
    case 'duplicate':
      return `sent ${await messages.duplicate(fault)} messages twice more`;
    case 'delay': {
      const held = await messages.holdBack(fault);
      onEffect('delay', 'any');
      return `held ${held} messages back for ${fault.delayMs} ms`;
    }
  }
}

/** The kind of commit that a process of this stage has a part in. */
function affectedBy(name: string): Affected {
  if (/^(downloader|parser)/.test(name)) return 'request';
  return /^(ingress|module-processor)/.test(name) ? 'hop' : 'any';
}
