import type { LoadedConfig } from './load-config.ts';

/** One line of `catena config`. */
export interface ConfigRow {
  readonly key: string;
  /** As text, secrets redacted; empty when not set. */
  readonly value: string;
  readonly origin: string;
  readonly about: string;
}

/** The effective values with their origin, in the order of the settings. */
export function describeConfig({
  values,
  origins,
  settings,
}: Pick<LoadedConfig, 'values' | 'origins' | 'settings'>): ConfigRow[] {
  return Object.entries(settings).map(([key, { redacted, about }]) => {
    const value = values[key];
    const text = value === undefined ? '' : String(value);
    return { key, value: text === '' ? '' : (redacted?.(text) ?? text), origin: origins[key] ?? 'default', about };
  });
}
