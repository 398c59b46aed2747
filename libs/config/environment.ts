/** The process's environment: read here and nowhere else. */
import { SETTING_KEYS, type SettingKey } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'CATENA_';

/** Names the configuration file. */
export const CONFIG_FILE_VARIABLE = 'CATENA_CONFIG';

/** Kills the process at a named point, for crash tests: `name` or `name:hit`. */
export const FAILPOINT_VARIABLE = 'CATENA_FAILPOINT';

const KEY_OF_VARIABLE: ReadonlyMap<string, SettingKey> = new Map(SETTING_KEYS.map((key) => [variableName(key), key]));

/** A copy of the environment as the process was started with it. */
export function readEnvironment(): Environment {
  return { ...process.env };
}

/** `retry.base_delay_ms` is `CATENA_RETRY_BASE_DELAY_MS`. */
export function variableName(key: SettingKey): string {
  return PREFIX + key.toUpperCase().replace('.', '_');
}

/** Variables that name a setting, and those that look as if they should. Empty ones count as not set. */
export function settingVariables(environment: Environment): {
  readonly known: readonly { readonly key: SettingKey; readonly name: string; readonly text: string }[];
  readonly unknown: readonly string[];
} {
  const known: { key: SettingKey; name: string; text: string }[] = [];
  const unknown: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined || text === '') continue;
    const key = KEY_OF_VARIABLE.get(name);
    if (key !== undefined) known.push({ key, name, text });
    else if (name !== CONFIG_FILE_VARIABLE && name !== FAILPOINT_VARIABLE) unknown.push(name);
  }
  return { known, unknown };
}
