/** The location of the runs of a command: a database file of this machine, or a server. */
import type { LoadedConfig } from '../config/load-config.ts';
import { CatenaError } from '../errors/catena-error.ts';
import { commandText } from '../errors/command-text.ts';
import type { CliContext, ConfigOptions } from './context.ts';
import { effectiveConfig, requireSingleNode } from './effective-config.ts';

export type RunLocation =
  | { readonly kind: 'file'; readonly loaded: LoadedConfig; readonly path: string }
  | { readonly kind: 'server'; readonly loaded: LoadedConfig; readonly address: string };

export type ServerLocation = Extract<RunLocation, { kind: 'server' }>;
export type FileLocation = Extract<RunLocation, { kind: 'file' }>;

/**
 * `--server` and `--db` override the settings. Throws `cli.two_places`, `config.invalid`, and `cli.distributed` for a file in
 * the configuration of a deployment.
 */
export function locationOf(
  context: CliContext,
  options: ConfigOptions,
  more: Readonly<Record<string, string | undefined>> = {},
): RunLocation {
  if (options.server !== undefined && options.db !== undefined) {
    throw new CatenaError('cli.two_places', '--server and --db cannot be used together', {
      remedy: 'leave one of them out: runs are either at a server or in a file',
    });
  }
  const loaded = effectiveConfig(context, options, more);
  const { address } = loaded.config.server;
  if (address !== undefined && options.db === undefined) return { kind: 'server', loaded, address };
  requireSingleNode(loaded);
  return { kind: 'file', loaded, path: loaded.config.store.path };
}

/** A command and its arguments, such as a run, at this location, to be copied into a shell. */
export function commandFor({ invocation }: CliContext, location: RunLocation, ...words: readonly string[]): string {
  return commandText(invocation, [...words, ...placeArgs(location)]);
}

/** Only the options of the command line: settings apply to the next command too. */
function placeArgs(location: RunLocation): string[] {
  const { origins } = location.loaded;
  if (location.kind === 'file') return origins['store.path'] === 'command line' ? ['--db', location.path] : [];
  return [
    ...(origins['server.address'] === 'command line' ? ['--server', location.address] : []),
    ...(origins['server.token'] === 'command line' ? ['--token', 'TOKEN'] : []),
  ];
}

/** The error for an action that only a server can do. */
export function needsServer(command: string, reason: string): CatenaError {
  return new CatenaError('cli.needs_server', `\`${command}\` needs a server: ${reason}`, {
    remedy: 'name one with --server, or set server.address',
  });
}
