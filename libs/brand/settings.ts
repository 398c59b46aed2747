import { optionalPath } from '../config/setting.ts';

/** The settings of brand diagnosis. */
export const BRAND_SETTINGS = {
  'brand.providers': optionalPath('The YAML file with the models that `brand-diagnosis` may ask.'),
};

export type BrandSettings = typeof BRAND_SETTINGS;
