/**
 * Every key of the coordinator's state, and nowhere else a key is spelled. Pure: text in, text out.
 *
 * All keys of a run carry the hash tag of its shard, so that a transition touches one slot. What comes from outside is
 * escaped: two different addresses never give the same key, and no name can smuggle in a hash tag.
 */
import { percentEncode } from '../contracts/percent-encoding.ts';

/** Version of the layout below; a fleet that rolls from one layout to the next reads both. */
export const KEY_LAYOUT_VERSION = 1;

/** Shards of a distributed deployment. A single node has one. */
export const DISTRIBUTED_SHARDS = 16;

/** The shard that holds a run: FNV-1a (32 bit) of the run id's UTF-16 code units, modulo the number of shards. */
export function shardOf(runId: string, shards: number): number {
  if (shards === 1) return 0;
  let hash = 0x811c9dc5;
  for (let index = 0; index < runId.length; index += 1) {
    hash = Math.imul(hash ^ runId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % shards;
}

/** Keys of a run's state; `shard` is {@link shardOf} its run id. */
export const chainKeys = {
  run: (shard: number, runId: string): string => `${prefix(shard)}run:${segment(runId)}`,
  /** A module's execution within a run. */
  execution: (shard: number, runId: string, moduleId: string): string =>
    `${prefix(shard)}exec:${segment(runId)}:${segment(moduleId)}`,
  node: (shard: number, nodeId: string): string => `${prefix(shard)}ptm:${segment(nodeId)}`,
  fallbackGate: (shard: number, runId: string, moduleId: string): string =>
    `${prefix(shard)}gate:fallback:${segment(runId)}:${segment(moduleId)}`,
  /** Recorded errors of a node, by epoch: an error is recorded once. */
  emittedErrors: (shard: number, nodeId: string): string => `${prefix(shard)}error:emit:${segment(nodeId)}`,
  moduleThreshold: (shard: number, runId: string, moduleId: string): string =>
    `${prefix(shard)}threshold:module:${segment(runId)}:${segment(moduleId)}`,
  taskThreshold: (shard: number, runId: string): string => `${prefix(shard)}threshold:task:${segment(runId)}`,
  moduleTermination: (shard: number, runId: string, moduleId: string): string =>
    `${prefix(shard)}terminate:module:${segment(runId)}:${segment(moduleId)}`,
  taskTermination: (shard: number, runId: string): string => `${prefix(shard)}terminate:task:${segment(runId)}`,
  /** Responses that came before their node. */
  reorderBuffer: (shard: number, nodeId: string): string => `${prefix(shard)}reorder:${segment(nodeId)}`,
  /** Phases, deadlines and closing runs of the shard, scored with their next look. */
  shardDue: (shard: number): string => `${prefix(shard)}due`,
  /** Nodes of a phase, scored with their next look. */
  phaseDue: (shard: number, runId: string, moduleId: string, phase: number): string =>
    `${prefix(shard)}due:${segment(runId)}:${segment(moduleId)}:${phase}`,
  /** Children that wait for their parent's commit, under the token that staged them. */
  staged: (shard: number, nodeId: string, token: string): string =>
    `${prefix(shard)}staged:${segment(nodeId)}:${segment(token)}`,
  /** Events that have yet to be published. */
  events: (shard: number): string => `${prefix(shard)}events`,
} as const;

/** Keys that belong to no run and are never used together with a run's. */
export const sharedKeys = {
  rateLimit: (limitKey: string): string => `chain:limit:${segment(limitKey)}`,
  breaker: (breakerKey: string): string => `chain:breaker:${segment(breakerKey)}`,
  /** Fingerprints of requests made once per scope. */
  seen: (scope: string): string => `chain:seen:${segment(scope)}`,
} as const;

/** `chain:{s03}:`. */
function prefix(shard: number): string {
  return `chain:{s${shard < 10 ? `0${shard}` : shard}}:`;
}

/** `%`, the separator, the braces of hash tags, and what is not printable. */
const RESERVED = /[%:{}\s\p{C}]/u;
const ALL_RESERVED = /[%:{}\s\p{C}]/gu;

function segment(text: string): string {
  return RESERVED.test(text) ? percentEncode(text, ALL_RESERVED) : text;
}
