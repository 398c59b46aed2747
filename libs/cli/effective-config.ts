import { type LoadedConfig, loadConfig } from '../config/load-config.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { CliContext, ConfigOptions } from './context.ts';
import { parsePairs } from './input/pairs.ts';

/** The configuration that a command runs with; options of their own name go over `--set`. Throws `config.invalid`. */
export function effectiveConfig(
  { env }: Pick<CliContext, 'env'>,
  { config, db, set = [] }: ConfigOptions,
  more: Readonly<Record<string, string | undefined>> = {},
): LoadedConfig {
  const overrides = { ...Object.fromEntries(parsePairs(set, '--set')), ...defined({ 'store.path': db, ...more }) };
  return loadConfig({ env, file: config, overrides });
}

/** As {@link effectiveConfig}, for what works on a file. Throws `cli.distributed`. */
export function singleNodeConfig(...args: Parameters<typeof effectiveConfig>): LoadedConfig {
  const loaded = effectiveConfig(...args);
  if (loaded.mode === 'single_node') return loaded;
  throw new CatenaError('cli.distributed', 'cache.redis is set, and this command works in one process on a file', {
    data: { origin: loaded.origins['cache.redis'] },
    remedy: 'leave cache.redis, nats.url and store.url out for it',
  });
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
