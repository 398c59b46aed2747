import { adoptConfig } from '../config/adopted-config.ts';
import { type LoadedConfig, loadConfig } from '../config/load-config.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { CliContext, ConfigOptions } from './context.ts';
import { parsePairs } from './input/pairs.ts';

/**
 * The configuration that a command runs with, and the modules that it loads; options of their own name go over `--set`. Throws
 * `config.invalid`.
 */
export function effectiveConfig(
  { env }: Pick<CliContext, 'env'>,
  { config, db, set = [], server, token }: ConfigOptions,
  more: Readonly<Record<string, string | undefined>> = {},
): LoadedConfig {
  const named = defined({ 'store.path': db, 'server.address': server, 'server.token': token, ...more });
  const overrides = { ...Object.fromEntries(parsePairs(set, '--set')), ...named };
  const loaded = loadConfig({ env, file: config, overrides });
  adoptConfig(loaded);
  return loaded;
}

/** For what works on a file. Throws `cli.distributed`. */
export function requireSingleNode({ mode, origins }: LoadedConfig): void {
  if (mode === 'single_node') return;
  throw new CatenaError('cli.distributed', 'cache.redis is set, and this command works in one process on a file', {
    data: { origin: origins['cache.redis'] },
    remedy: 'leave cache.redis, nats.url and store.url out for it, or name a server with --server',
  });
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
