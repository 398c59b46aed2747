/** What a kind of fault is: how it is drawn from the seed, how it is carried out, and what shows that it was seen. */
import type { Dice } from '../../../examples/shop/site/random.ts';
import type { Fleet } from '../fleet.ts';
import type { MessageCounts, Messages } from '../messages.ts';
import type { ChaosNetwork } from '../network.ts';
import type { Affected } from '../recovery.ts';
import type { Sampler } from '../samples.ts';
import type { ChaosServers } from '../servers.ts';

export interface Draw {
  readonly dice: Dice;
  /** The next process to be struck. */
  readonly victims: () => number;
  /** The next one that holds leases. */
  readonly holders: () => number;
  readonly leaseMs: number;
  readonly purges: 'requests' | 'everything';
}

export interface Scene {
  readonly fleet: Fleet;
  readonly servers: ChaosServers;
  readonly messages: Messages;
  readonly network: ChaosNetwork;
  /** Call it when the fault takes effect, with the kind of commits that it holds up. */
  readonly onEffect: (affected: Affected) => void;
}

export interface Evidence<Data> {
  /** The faults of this kind that were carried out. */
  readonly done: readonly Data[];
  readonly messages: MessageCounts;
  readonly sampler: Sampler;
}

export interface FaultDefinition<Kind extends string, Data extends object> {
  readonly kind: Kind;
  /** How often a round has it. */
  readonly perRound: number;
  /** `nth` counts those of a round from 0. */
  draw(draw: Draw, nth: number): Data;
  /** A fault of the machine, of its network or its disk: struck with `--machine`; default false. */
  readonly isOfMachine?: boolean;
  /** Nothing else is struck before it is over; default false. */
  readonly isAlone?: boolean;
  /** Carries it out, and returns what was done; undefined when there was nothing to do. */
  strike(scene: Scene, data: Data): Promise<string | undefined>;
  /** What must have been seen: each number must be above 0. */
  seen(evidence: Evidence<Data>): Readonly<Record<string, number>>;
}

export function defineFault<Kind extends string, Data extends object>(
  definition: FaultDefinition<Kind, Data>,
): FaultDefinition<Kind, Data> {
  return definition;
}

/** The kind of commit that a process of this stage has a part in. */
export function affectedBy(name: string): Affected {
  if (/^(downloader|parser)/.test(name)) return 'request';
  return /^(ingress|module-processor)/.test(name) ? 'hop' : 'any';
}
