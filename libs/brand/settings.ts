import { optionalPath } from '../config/setting.ts';

/** What can be set about brand diagnosis. */
export const BRAND_SETTINGS = {
  'brand.providers': optionalPath('The models that `brand-diagnosis` may ask, as YAML.'),
};

export type BrandSettings = typeof BRAND_SETTINGS;
