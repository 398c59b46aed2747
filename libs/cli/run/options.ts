import type { ConfigOptions } from '../context.ts';

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
