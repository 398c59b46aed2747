import type { Command } from 'commander';
import type { Clock } from '../clock/clock.ts';
import type { Environment } from '../config/environment.ts';
import type { Finding } from '../config/finding.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Settings } from '../config/setting.ts';
import type { SettingsGrant } from '../modules/load/module-settings.ts';
import type { AuditResult } from '../stage/maintenance/audit-runs.ts';
import type { Log } from '../telemetry/log.ts';
import type { DevService } from './dev/plan.ts';
import type { StartEngine } from './engine.ts';
import type { Io } from './terminal/io.ts';
import type { StdoutReader } from './terminal/stdout-reader.ts';

/** Receives the exit code of the command that ran. */
export type Done = (exitCode: number) => void;

/** The parts of an extension that the command line uses; `libs/extension` defines them all. */
export interface CliExtension {
  readonly name: string;
  readonly settings?: Settings;
  readonly modules?: SettingsGrant;
  commands?(program: Command, context: CliContext, done: Done): void;
}

/** What the command line gets from its process, or from a test. */
export interface CliContext {
  readonly io: Io;
  readonly env: Environment;
  readonly clock: Clock;
  readonly extensions: readonly CliExtension[];
  /** Loads the engine of single-node mode, which takes a while: call it beside other preparations. */
  readonly loadEngine: () => Promise<StartEngine>;
  /** Runs all stages in this process on the servers that the environment names, until a signal; resolves with the exit code. */
  readonly serve: (env: Environment) => Promise<number>;
  /** Examines the servers of the settings. Never rejects: a server that does not answer is a finding. */
  readonly examine: (loaded: LoadedConfig) => Promise<readonly Finding[]>;
  /** Audits all open runs. Rejects when a server does not answer. */
  readonly recover: (
    loaded: LoadedConfig,
    options: { readonly log: Log; readonly signal: AbortSignal },
  ) => Promise<AuditResult & { readonly incarnation: number | undefined }>;
  /** Creates or upgrades the tables of the store. */
  readonly migrate: (loaded: LoadedConfig) => Promise<void>;
  /** The program and arguments with which Node runs this service. */
  readonly serviceProgram: (service: DevService) => readonly string[];
  /** How this program was called, for hints that can be copied: `catena`. */
  readonly invocation: string;
  /** The arguments after it. */
  readonly args: readonly string[];
  /** Whether somebody still reads standard output. */
  readonly reader: Pick<StdoutReader, 'onGone'>;
  /** Calls the listener on SIGINT, SIGTERM and the signals in `more`; returns a function that removes it. */
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
