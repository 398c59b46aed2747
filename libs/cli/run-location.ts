/** Where the runs are that a command is about: in a database file of this machine, or at a server. */
import type { LoadedConfig } from '../config/load-config.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { CliContext, ConfigOptions } from './context.ts';
import { effectiveConfig, requireSingleNode } from './effective-config.ts';
import { commandText } from './run/messages.ts';

export type Place =
  | { readonly kind: 'file'; readonly loaded: LoadedConfig; readonly path: string }
  | { readonly kind: 'server'; readonly loaded: LoadedConfig; readonly address: string };

export type ServerPlace = Extract<Place, { kind: 'server' }>;
export type FilePlace = Extract<Place, { kind: 'file' }>;

/**
 * `--server` and `--db` go over the settings. Throws `cli.two_places`, `config.invalid`, and `cli.distributed` for a file in
 * the configuration of a deployment.
 */
export function placeOf(
  context: CliContext,
  options: ConfigOptions,
  more: Readonly<Record<string, string | undefined>> = {},
): Place {
  if (options.server !== undefined && options.db !== undefined) {
    throw new CatenaError('cli.two_places', '--server and --db name two places', {
      remedy: 'leave one of them out: runs are at a server, or in a file',
    });
  }
  const loaded = effectiveConfig(context, options, more);
  const { address } = loaded.config.server;
  if (address !== undefined && options.db === undefined) return { kind: 'server', loaded, address };
  requireSingleNode(loaded);
  return { kind: 'file', loaded, path: loaded.config.store.path };
}

/** A command about a run of this place, as it can be typed again. */
export function commandFor({ invocation }: CliContext, place: Place, name: string, runId: string): string {
  return commandText(invocation, [name, runId, ...placeArgs(place)]);
}

/** Only what the command line named: settings hold for the next command too. */
function placeArgs(place: Place): string[] {
  const { origins } = place.loaded;
  if (place.kind === 'file') return origins['store.path'] === 'command line' ? ['--db', place.path] : [];
  return [
    ...(origins['server.address'] === 'command line' ? ['--server', place.address] : []),
    ...(origins['server.token'] === 'command line' ? ['--token', 'TOKEN'] : []),
  ];
}

/** For what only a server can do. */
export function needsServer(command: string, reason: string): CatenaError {
  return new CatenaError('cli.needs_server', `\`${command}\` needs a server: ${reason}`, {
    remedy: 'name one with --server, or set server.address',
  });
}
