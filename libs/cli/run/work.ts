/** What is run, and how a command shows it that shows runs in its own way. */
import type { ModuleDefinition } from '../../modules/contract/definition.ts';
import type { StoredItem } from '../../store/port.ts';
import type { ConfigOptions } from '../context.ts';
import type { Reporter } from '../status/reporter.ts';

/** A module's file, with its input in the options; or a module that is at hand, with its input. */
export type Work = string | ModuleWork;

export interface ModuleWork {
  readonly module: ModuleDefinition;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A run while it goes on, wherever it is. */
export interface RunLooker {
  readonly runId: string;
  /** Items of a type behind a sequence number, so far; in order. */
  readonly items: (type: string, afterSeq: number) => Promise<readonly StoredItem[]>;
  /** Requests under way for a key of limits; undefined where others execute. */
  readonly underWay: (limitKey: string) => number | undefined;
}

/** Takes the place of the status line and of the table at the end. */
export interface RunView {
  readonly reporter: Reporter;
  /** Called before each reading that the reporter is shown. */
  look(run: RunLooker): Promise<void>;
}

/** Items that are read at once while a run goes on. */
export const LOOK_ITEMS = 1_000;

/** `catena run`, as typed. */
export interface RunOptions extends ConfigOptions {
  readonly input?: readonly string[];
  readonly inputFile?: string;
  readonly output?: string;
  readonly format?: string;
  readonly items?: string;
  readonly fresh?: boolean;
  readonly deadline?: string;
  readonly costCap?: string;
  readonly rps?: string;
  readonly concurrency?: string;
  readonly json?: boolean;
  readonly record?: string;
  readonly account: string;
  readonly platform: string;
  /** What to say instead of the command itself when it is to be given again. */
  readonly again?: string;
}
