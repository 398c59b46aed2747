/** The module as processes load it: `catena run libs/brand/module/brand-diagnosis.ts`, or in `modules.files`. */
import { readEnvironment } from '../../config/environment.ts';
import { loadConfig } from '../../config/load-config.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { defineDiagnosis } from './define-diagnosis.ts';
import { type ProviderRegistry, readRegistry } from './provider-registry.ts';

let loaded: ProviderRegistry | undefined;

/** The registry that the configuration names, read once. Throws `brand.no_registry`, `brand.bad_registry`. */
function configured(): ProviderRegistry {
  if (loaded !== undefined) return loaded;
  const path = loadConfig({ env: readEnvironment() }).config.brand.providers;
  if (path === undefined) {
    throw new CatenaError('brand.no_registry', 'no provider registry is configured', {
      remedy: 'name its file in brand.providers of the configuration file, or in CATENA_BRAND_PROVIDERS',
    });
  }
  loaded = readRegistry(path);
  return loaded;
}

/** `brand-diagnosis` over the configured registry. */
export const brandDiagnosis = defineDiagnosis({ registry: configured });
