import type { Command } from 'commander';
import type { Clock } from '../clock/clock.ts';
import type { Environment } from '../config/environment.ts';
import type { Settings } from '../config/setting.ts';
import type { SettingsGrant } from '../modules/load/module-settings.ts';
import type { DevService } from './dev/plan.ts';
import type { StartEngine } from './engine.ts';
import type { Io } from './terminal/io.ts';

/** Told the exit code of the command that ran. */
export type Done = (exitCode: number) => void;

/** What the command line takes of an extension; `libs/extension` says what one is. */
export interface CliExtension {
  readonly name: string;
  readonly settings?: Settings;
  readonly modules?: SettingsGrant;
  commands?(program: Command, context: CliContext, done: Done): void;
}

/** What the command line is given by its process; in tests by a test. */
export interface CliContext {
  readonly io: Io;
  readonly env: Environment;
  readonly clock: Clock;
  readonly extensions: readonly CliExtension[];
  readonly startEngine: StartEngine;
  /** All stages in this process over the servers that the environment names, until a signal; answers the exit code. */
  readonly serve: (env: Environment) => Promise<number>;
  /** What Node runs as this service: its program and arguments. */
  readonly serviceProgram: (service: DevService) => readonly string[];
  /** How this program was called, for hints that can be copied: `catena`. */
  readonly invocation: string;
  /** The arguments behind it. */
  readonly args: readonly string[];
  /** Calls the listener on SIGINT, SIGTERM and those that are named; the answer takes it off again. */
  readonly onSignal: (listener: () => void, more?: readonly NodeJS.Signals[]) => () => void;
  /** Ends the process without waiting for anything. */
  readonly exitNow: (code: number) => void;
}

/** Options that every command takes. */
export interface SharedOptions {
  readonly debug?: boolean;
}

/** Options of the commands that read the configuration. */
export interface ConfigOptions extends SharedOptions {
  readonly config?: string;
  readonly db?: string;
  readonly set?: readonly string[];
  readonly server?: string;
  readonly token?: string;
}
