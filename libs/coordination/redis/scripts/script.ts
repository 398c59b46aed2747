import { basename } from 'node:path';
import type { Cluster, Redis } from 'ioredis';

/** A single Redis, or a Cluster. */
export type RedisClient = Redis | Cluster;

export type ScriptArgument = string | number;

/** What a binding says of its Lua script; a test holds it equal to the script's header. */
export interface Script<Codes extends Readonly<Record<string, number>> = Readonly<Record<string, number>>> {
  /** What traces, metrics and errors call it: its file's name without the ending. */
  readonly name: string;
  /** Its path in `lua/`: the folder of its group, and its file. */
  readonly file: string;
  /** Names of the keys in order; one that ends in `*` stands for any number. */
  readonly keys: readonly string[];
  /** Names of the arguments in order; likewise. */
  readonly args: readonly string[];
  /** The table of its codes, and what that is called in the header. */
  readonly table: string;
  readonly codes: Codes;
}

/** The binding of a script: its path in `lua/`, its codes, and the names of its keys and arguments. */
export function bind<const Codes extends Readonly<Record<string, number>>>(
  file: string,
  [table, codes]: readonly [name: string, codes: Codes],
  keys: readonly string[],
  args: readonly string[],
): Script<Codes> {
  return { name: basename(file, '.lua'), file, table, codes, keys, args };
}

/** What a script answered: its code, its payload read from JSON, and the texts that follow as they are. */
export interface Reply {
  readonly code: number;
  readonly payload: unknown;
  readonly texts: readonly string[];
}

/**
 * Answered beside a script's own codes: by every one that names keys by the layout of a run, and `INVARIANT_BROKEN` by those that
 * end a node.
 */
export const ScopeCode = { OTHER_LAYOUT: -1, UNKNOWN_RUN: -2, INVARIANT_BROKEN: -3 } as const;

/** Of scripts that read, or that take what is there. */
export const LookCode = { FOUND: 0 } as const;

/** Keys of a run with one of its modules: what a script needs that may end nodes, open phases and close the run. */
export const SCOPE_KEYS = [
  'run',
  'plan',
  'shard_due',
  'outbox',
  'timeline',
  'nodes',
  'reorder',
  'exec',
  'due*',
  'opener*',
];
export const SCOPE_ARGS = ['now', 'layout', 'grace_ms'];
/** Keys of one node that changes alone. */
export const NODE_KEYS = ['run', 'exec', 'node', 'due', 'shard_due'];
export const NODE_ARGS = ['now', 'phase', 'id'];
export const LOOK = ['LookCode', LookCode] as const;
