/** The module that processes load: `catena run libs/brand/module/brand-diagnosis.ts`, or in `modules.files`. */
import type { ValuesOf } from '../../config/setting.ts';
import { withSettings } from '../../modules/index.ts';
import type { BrandSettings } from '../settings.ts';
import { defineDiagnosis } from './define-diagnosis.ts';
import { configuredRegistry, type ProviderRegistry } from './provider-registry.ts';

/** `brand-diagnosis` with the registry that `brand.providers` names, which is read once, when a run needs it. */
export const brandDiagnosis = withSettings((settings: ValuesOf<BrandSettings>) => {
  let registry: ProviderRegistry | undefined;
  return defineDiagnosis({ registry: () => (registry ??= configuredRegistry(settings['brand.providers'])) });
});
