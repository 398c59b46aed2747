import type { LoadedConfig } from './load-config.ts';
import { SETTING_KEYS, SETTINGS } from './settings.ts';

/** One line of `catena config`. */
export interface ConfigRow {
  readonly key: string;
  /** As text, secrets redacted; empty when not set. */
  readonly value: string;
  readonly origin: string;
  readonly about: string;
}

/** The effective values with their origin, in the order of the settings. */
export function describeConfig({ values, origins }: Pick<LoadedConfig, 'values' | 'origins'>): ConfigRow[] {
  return SETTING_KEYS.map((key) => {
    const value = values[key];
    const text = value === undefined ? '' : String(value);
    const { redacted, about } = SETTINGS[key];
    return { key, value: text === '' ? '' : (redacted?.(text) ?? text), origin: origins[key], about };
  });
}
