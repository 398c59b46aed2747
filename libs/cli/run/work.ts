/** The work of a run, and the view of commands that report it in their own way. */
import type { StoredItem } from '../../store/port.ts';
import type { ConfigOptions } from '../context.ts';
import type { Reporter } from '../status/reporter.ts';

/** A module's file, with its input in the options; or the file with its input. */
export type Work = string | ModuleWork;

export interface ModuleWork {
  readonly file: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** An unfinished run, in a file or at a server. */
export interface RunLooker {
  readonly runId: string;
  /** Items of a type after a sequence number, so far; in order. */
  readonly items: (type: string, afterSeq: number) => Promise<readonly StoredItem[]>;
  /** Concurrent requests of a limit key; undefined if other processes execute the run. */
  readonly underWay: (limitKey: string) => number | undefined;
}

/** Replaces the status line and the table at the end. */
export interface RunView {
  readonly reporter: Reporter;
  /** Called before each reading that the reporter gets. */
  look(run: RunLooker): Promise<void>;
}

/** Items that are read at once during a run. */
export const LOOK_ITEMS = 1_000;

/** `catena run`, as typed. */
export interface RunOptions extends ConfigOptions {
  readonly input?: readonly string[];
  readonly inputFile?: string;
  readonly output?: string;
  readonly format?: string;
  readonly csv?: string;
  readonly append?: boolean;
  readonly overwrite?: boolean;
  readonly items?: string;
  readonly fresh?: boolean;
  readonly task?: string;
  readonly deadline?: string;
  readonly costCap?: string;
  readonly maxPages?: string;
  readonly maxItems?: string;
  readonly maxDepth?: string;
  readonly maxBytes?: string;
  readonly rps?: string;
  readonly concurrency?: string;
  readonly json?: boolean;
  readonly record?: string;
  readonly expectItems?: readonly string[];
  readonly maxEmpty?: readonly string[];
  readonly account: string;
  readonly platform: string;
  /** The command to print when it must be given again, instead of the original one. */
  readonly again?: string;
}
