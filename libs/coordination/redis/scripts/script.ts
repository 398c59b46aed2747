import { basename } from 'node:path';
import type { Cluster, Redis } from 'ioredis';

/** A single Redis, or a Cluster. */
export type RedisClient = Redis | Cluster;

export type ScriptArgument = string | number;

/** The binding of a Lua script; a test compares it with the script's header. */
export interface Script<Codes extends Readonly<Record<string, number>> = Readonly<Record<string, number>>> {
  /** Its name in traces, metrics and errors: the file name without the ending. */
  readonly name: string;
  /** Its path in `lua/`: the folder of its group, and its file. */
  readonly file: string;
  /** Names of the keys in order; one that ends in `*` stands for any number. */
  readonly keys: readonly string[];
  /** Names of the arguments in order; likewise. */
  readonly args: readonly string[];
  /** The table of its codes, and the table's name in the header. */
  readonly table: string;
  readonly codes: Codes;
}

/** Declares the binding of a script: its path in `lua/`, its codes, and the names of its keys and arguments. */
export function bind<const Codes extends Readonly<Record<string, number>>>(
  file: string,
  [table, codes]: readonly [name: string, codes: Codes],
  keys: readonly string[],
  args: readonly string[],
): Script<Codes> {
  return { name: basename(file, '.lua'), file, table, codes, keys, args };
}

/** The answer of a script: its code, its parsed JSON payload, and the texts that follow. */
export interface Reply {
  readonly code: number;
  readonly payload: unknown;
  readonly texts: readonly string[];
}

/**
 * Codes beside a script's own: answered by every script whose keys depend on the layout of a run; `INVARIANT_BROKEN` only by
 * scripts that end a node.
 */
export const ScopeCode = { OTHER_LAYOUT: -1, UNKNOWN_RUN: -2, INVARIANT_BROKEN: -3 } as const;

/** The code of scripts that only read or take. */
export const LookCode = { FOUND: 0 } as const;

/** Keys of a run and one of its modules, for scripts that may end nodes, open phases and close the run. */
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
export const SCOPE_ARGS = ['now', 'layout', 'policy'];
/** Keys for scripts that change one node alone. */
export const NODE_KEYS = ['run', 'exec', 'node', 'due', 'shard_due'];
export const NODE_ARGS = ['now', 'phase', 'id'];
export const LOOK = ['LookCode', LookCode] as const;
