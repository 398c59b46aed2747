/** Checks that the chosen models can be asked, before any call. */

import type { CliContext } from '../../cli/context.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { secretSource } from '../../stage/run/secret-source.ts';
import type { AccountRecord } from '../../store/port.ts';
import type { ProviderRegistry } from '../module/provider-registry.ts';

/** The setting with the variables that requests may name. */
const SECRETS = 'downloader.secrets';

export interface AskedModels {
  readonly registry: ProviderRegistry;
  readonly models: readonly string[];
  /** The account of the run. */
  readonly task: { readonly account: string; readonly platform: string };
  readonly getAccount: (account: string, platform: string) => Promise<AccountRecord | undefined>;
}

/** Throws `brand.unknown_model`, and `brand.no_key` for models without a key. */
export async function requireModels({ env }: Pick<CliContext, 'env'>, asked: AskedModels): Promise<void> {
  const { registry, models, task, getAccount } = asked;
  const providers = models.map((model) => registry.find(model));
  const names = [...new Set(providers.flatMap(({ keyReference }) => keyReference ?? []))];
  const secret = secretSource({ store: { getAccount }, environment: env, allowed: names });
  const keys = await Promise.all(names.map(async (name) => ({ name, key: await secret(task, name) })));
  const missing = keys.filter(({ key }) => key === undefined).map(({ name }) => name);
  if (missing.length === 0) return;
  const without = providers.filter(({ keyReference = '' }) => missing.includes(keyReference)).map(({ name }) => name);
  throw new CatenaError('brand.no_key', `there is no key for ${without.join(', ')}: ${missing.join(', ')} is not set`, {
    data: { models: without, keys: missing },
    remedy: `set ${missing.join(', ')} in the environment; never put keys into files of Catena`,
  });
}

/** Throws `brand.no_price` for a cap on the cost of models whose price the registry does not know: it would hold nothing back. */
export function requirePrices(
  registry: ProviderRegistry,
  models: readonly string[],
  costCap: string | undefined,
): void {
  if (costCap === undefined) return;
  const without = models.filter((model) => registry.find(model).pricePerMillionTokens === undefined);
  if (without.length === 0) return;
  const message = `the cost cap cannot hold for ${without.join(', ')}: the provider registry has no price for it`;
  throw new CatenaError('brand.no_price', message, {
    data: { models: without },
    remedy: 'write pricePerMillionTokens and pricesAsOf into its entry, or leave out --cost-cap',
  });
}

/**
 * Adds the key names of the registry to `downloader.secrets`: the registry is configuration, so its author has allowed
 * them.
 */
export function withKeysAllowed(
  set: readonly string[],
  configured: readonly string[],
  registry: ProviderRegistry,
  models: readonly string[],
): readonly string[] {
  const keys = models.flatMap((model) => registry.find(model).keyReference ?? []);
  const others = set.filter((pair) => !pair.startsWith(`${SECRETS}=`));
  const names = [...new Set([...configured, ...keys])];
  return names.length === 0 ? others : [...others, `${SECRETS}=${names.join(',')}`];
}
