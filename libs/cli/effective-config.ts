import { type LoadedConfig, loadConfig } from '../config/load-config.ts';
import { CatenaError } from '../errors/catena-error.ts';
import { type SettingsForFile, settingsForFiles } from '../modules/load/module-settings.ts';
import type { CliContext, ConfigOptions } from './context.ts';
import { parsePairs } from './input/pairs.ts';

type ConfigContext = Pick<CliContext, 'env' | 'extensions'>;

/** The configuration of a command; dedicated options override `--set`. Throws `config.invalid`. */
export function effectiveConfig(
  { env, extensions }: ConfigContext,
  { config, db, set = [], server, token }: ConfigOptions,
  more: Readonly<Record<string, string | undefined>> = {},
): LoadedConfig {
  const named = defined({ 'store.path': db, 'server.address': server, 'server.token': token, ...more });
  const overrides = { ...Object.fromEntries(parsePairs(set, '--set')), ...named };
  return loadConfig({ env, file: config, overrides, extensions });
}

/** The settings that modules of extensions may read; `loaded` is called only when such a module is loaded. */
export function moduleSettings(
  { extensions }: Pick<CliContext, 'extensions'>,
  loaded: () => Pick<LoadedConfig, 'values'>,
): SettingsForFile {
  return settingsForFiles(extensions, () => loaded().values);
}

/** The same for commands without configuration options: from the environment and `catena.yaml`. */
export function settingsOfModules(context: ConfigContext): SettingsForFile {
  return moduleSettings(context, () => effectiveConfig(context, {}));
}

/** For commands that work on a file. Throws `cli.distributed`. */
export function requireSingleNode({ mode, origins }: LoadedConfig): void {
  if (mode === 'single_node') return;
  throw new CatenaError('cli.distributed', 'cache.redis is set, but this command works in one process on a file', {
    data: { origin: origins['cache.redis'] },
    remedy: 'unset cache.redis, nats.url and store.url, or name a server with --server',
  });
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
