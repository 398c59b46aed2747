/** The module as processes load it: `catena run libs/brand/module/brand-diagnosis.ts`, or in `modules.files`. */
import { adoptedConfig } from '../../config/adopted-config.ts';
import { defineDiagnosis } from './define-diagnosis.ts';
import { configuredRegistry, type ProviderRegistry } from './provider-registry.ts';

let loaded: { readonly path: string | undefined; readonly registry: ProviderRegistry } | undefined;

/** The registry that the configuration names, read once. Throws `brand.no_registry`, `brand.bad_registry`. */
function configured(): ProviderRegistry {
  const path = adoptedConfig().config.brand.providers;
  if (loaded === undefined || loaded.path !== path) loaded = { path, registry: configuredRegistry(path) };
  return loaded.registry;
}

/** `brand-diagnosis` over the configured registry. */
export const brandDiagnosis = defineDiagnosis({ registry: configured });
