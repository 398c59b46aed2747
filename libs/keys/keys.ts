/**
 * All keys of the coordinator's state, spelled only here. Pure functions of texts.
 *
 * All keys of a run carry the hash tag of its shard, so that a transition uses one slot. External names are escaped: two
 * different names never give the same key, and no name can inject a hash tag.
 */
import { percentEncode } from '../contracts/percent-encoding.ts';

/** Version of the layout below. A process reads older ones, and refuses a Redis that a newer one has written. */
export const KEY_LAYOUT_VERSION = 2;

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

/** Keys of a run's state; `shard` is {@link shardOf} its run id. `lua/README.md` describes their contents. */
export const chainKeys = {
  /** The state of the run as a whole: marks, counts, whether it is paused. */
  run: (shard: number, runId: string): string => `${prefix(shard)}run:${segment(runId)}`,
  /** The constant part of a run: its modules, their phases, and the hops that open them. */
  plan: (shard: number, runId: string): string => `${prefix(shard)}plan:${segment(runId)}`,
  /** Ids of the run's nodes, in the order of their creation. */
  nodes: (shard: number, runId: string): string => `${prefix(shard)}nodes:${segment(runId)}`,
  /** Events of the run, in order. */
  timeline: (shard: number, runId: string): string => `${prefix(shard)}timeline:${segment(runId)}`,
  /** A module's execution within a run, with its phases, thresholds and marks. */
  execution: (shard: number, runId: string, moduleId: string): string =>
    `${prefix(shard)}exec:${segment(runId)}:${segment(moduleId)}`,
  node: (shard: number, nodeId: string): string => `${prefix(shard)}ptm:${segment(nodeId)}`,
  fallbackGate: (shard: number, runId: string, moduleId: string): string =>
    `${prefix(shard)}gate:fallback:${segment(runId)}:${segment(moduleId)}`,
  /** Responses of the run that came before their node. */
  reorderBuffer: (shard: number, runId: string): string => `${prefix(shard)}reorder:${segment(runId)}`,
  /** Phases, deadlines and ending runs of the shard ({@link dueMembers}), scored with their due time. */
  shardDue: (shard: number): string => `${prefix(shard)}due`,
  /** Nodes of a phase, scored with their due time. */
  phaseDue: (shard: number, runId: string, moduleId: string, phase: number): string =>
    `${prefix(shard)}due:${segment(runId)}:${segment(moduleId)}:${phase}`,
  /** Children staged for their parent's commit, under the token that staged them. */
  staged: (shard: number, nodeId: string, token: string): string =>
    `${prefix(shard)}staged:${segment(nodeId)}:${segment(token)}`,
  /** The marker: a number that is raised each second, to notice that writes were lost. */
  marker: (shard: number): string => `${prefix(shard)}marker`,
  /** Written by health checks to see that writes are taken; expires by itself. */
  health: (shard: number): string => `${prefix(shard)}health`,
  /** Unpublished events. */
  events: (shard: number): string => `${prefix(shard)}events`,
} as const;

/** A due entry of a shard. */
export type DueMember =
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'early'; readonly runId: string; readonly moduleId: string }
  | { readonly kind: 'phase' | 'deadline'; readonly runId: string; readonly moduleId: string; readonly phase: number };

/** Members of a shard's due set; the scripts add the letter before and the phase after. */
export const dueMembers = {
  /** `r:<run>`: the run is marked or closing. */
  run: (runId: string): string => segment(runId),
  /** `p:<run>:<module>:<phase>`: nodes of the phase; `d:…`: its deadline; `e:<run>:<module>`: an early opening. */
  module: (runId: string, moduleId: string): string => `${segment(runId)}:${segment(moduleId)}`,
  phase: (runId: string, moduleId: string, phase: number): string => `p:${dueMembers.module(runId, moduleId)}:${phase}`,
  /** Parses a member; undefined for one that no script writes. */
  parse(member: string): DueMember | undefined {
    const [letter, run = '', module = '', phase = ''] = member.split(':');
    const runId = decodeURIComponent(run);
    if (letter === 'r') return { kind: 'run', runId };
    if (letter === 'e') return { kind: 'early', runId, moduleId: decodeURIComponent(module) };
    if (letter !== 'p' && letter !== 'd') return undefined;
    const kind = letter === 'p' ? 'phase' : 'deadline';
    return { kind, runId, moduleId: decodeURIComponent(module), phase: Number(phase) };
  },
} as const;

/** Keys that belong to no run and are never combined with a run's in one script. */
export const sharedKeys = {
  rateLimit: (limitKey: string): string => `chain:limit:${segment(limitKey)}`,
  breaker: (breakerKey: string): string => `chain:breaker:${segment(breakerKey)}`,
  /** Keys of breakers that may not be closed. This index lists them, because each breaker has a key in its own slot. */
  breakerIndex: (): string => 'chain:breakers',
  /** What a run has spent and reserved; it does not expire, but is deleted when the run's retention is over. */
  budget: (runId: string): string => `chain:budget:${segment(runId)}`,
  /** Cookies of a run's session; beside it the names of the run's sessions. */
  cookies: (runId: string, session: string): string => `chain:cookies:${segment(runId)}:${segment(session)}`,
  cookieSessions: (runId: string): string => `chain:cookies:${segment(runId)}`,
  /** The version of the layout that is written. */
  layout: (): string => 'chain:layout',
  /** Fingerprints of requests made once per scope. */
  seen: (scope: string): string => `chain:seen:${segment(scope)}`,
} as const;

/** `chain:{s03}:`. */
function prefix(shard: number): string {
  return `chain:{s${shard < 10 ? `0${shard}` : shard}}:`;
}

/** `%`, the separator, the braces of hash tags, and unprintable characters. */
const RESERVED = /[%:{}\s\p{C}]/u;
const ALL_RESERVED = /[%:{}\s\p{C}]/gu;

function segment(text: string): string {
  return RESERVED.test(text) ? percentEncode(text, ALL_RESERVED) : text;
}
