/** The configured models. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { CatenaError } from '../../errors/catena-error.ts';
import { type Provider, providerSchema } from '../codecs/provider.ts';

const registrySchema = z.strictObject({ providers: z.array(providerSchema).min(1) });

export class ProviderRegistry {
  readonly #byName: ReadonlyMap<string, Provider>;

  /** Throws `brand.bad_registry` if two providers have the same name. */
  constructor(providers: readonly Provider[]) {
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
    if (this.#byName.size === providers.length) return;
    const twice = providers.find((provider) => this.#byName.get(provider.name) !== provider)?.name ?? '';
    throw badRegistry('the registry', `two providers are called "${twice}"`);
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  /** Throws `brand.unknown_model` (fatal). */
  find(name: string): Provider {
    const provider = this.#byName.get(name);
    if (provider !== undefined) return provider;
    throw new CatenaError('brand.unknown_model', `the provider registry has no model "${name}"`, {
      data: { model: name, known: this.names },
      remedy: `use one of ${this.names.join(', ')}, or add it to the registry`,
    });
  }
}

/** Reads a registry from YAML: `providers:` with a list of entries. Throws `brand.bad_registry` with all problems. */
export function parseRegistry(text: string, origin: string): ProviderRegistry {
  let value: unknown;
  try {
    value = parse(text);
  } catch (thrown) {
    throw badRegistry(origin, thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown));
  }
  const read = registrySchema.safeParse(value);
  if (read.success) return new ProviderRegistry(read.data.providers);
  // Only the path and the expectation: the value may be a key in the wrong place.
  throw badRegistry(origin, read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** The registry that the setting `brand.providers` names. Throws `brand.no_registry`, `brand.bad_registry`. */
export function configuredRegistry(path: string | undefined): ProviderRegistry {
  if (path !== undefined) return readRegistry(path);
  throw new CatenaError('brand.no_registry', 'no provider registry is configured', {
    remedy: 'name its file with --set brand.providers=FILE, in the configuration file, or in CATENA_BRAND_PROVIDERS',
  });
}

/** Reads a registry file. Throws `brand.bad_registry`. */
export function readRegistry(path: string): ProviderRegistry {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    throw badRegistry(path, `it cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)})`);
  }
  return parseRegistry(text, path);
}

function badRegistry(origin: string, problem: string): CatenaError {
  return new CatenaError('brand.bad_registry', `the provider registry ${origin} is wrong: ${problem}`, {
    data: { origin },
    remedy:
      'each entry has name, codec, baseUrl, model and, unless the model needs no key, keyReference; never put keys themselves into it',
  });
}
