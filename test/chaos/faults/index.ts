/** Every kind of fault; a new one is a file here and an entry of this list. */
import { delay } from './delay.ts';
import { diskFull } from './disk-full.ts';
import { duplicate } from './duplicate.ts';
import type { FaultDefinition } from './fault.ts';
import { freeze } from './freeze.ts';
import { kill } from './kill.ts';
import { natsLeader } from './nats-leader.ts';
import { natsQuorum } from './nats-quorum.ts';
import { natsRestart } from './nats-restart.ts';
import { partition } from './partition.ts';
import { postgresRestart } from './postgres-restart.ts';
import { purge } from './purge.ts';
import { redisFailover } from './redis-failover.ts';
import { redisRestart } from './redis-restart.ts';

const ALL = [
  ...([kill, freeze, redisRestart, redisFailover, postgresRestart, natsRestart, natsLeader, natsQuorum] as const),
  ...([purge, duplicate, delay, partition, diskFull] as const),
] as const;

type FaultOf<Definition> =
  Definition extends FaultDefinition<infer Kind, infer Data> ? { readonly kind: Kind } & Data : never;

export type Fault = FaultOf<(typeof ALL)[number]>;
export type FaultKind = Fault['kind'];

/** What is planned of a kind is struck and judged by the same kind, so that the types of its data need not be told apart. */
export const FAULTS = ALL as unknown as readonly FaultDefinition<FaultKind, object>[];

export function definitionOf(kind: FaultKind): FaultDefinition<FaultKind, object> {
  return FAULTS.find((definition) => definition.kind === kind)!;
}
