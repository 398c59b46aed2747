const PREFIX = 'CATENA_';

/** The environment variable for a setting: `retry.base_delay_ms` is `CATENA_RETRY_BASE_DELAY_MS`. */
export function variableName(setting: string): string {
  return PREFIX + setting.toUpperCase().replace('.', '_');
}

/** Whether a variable has our prefix. */
export function isOurs(variable: string): boolean {
  return variable.startsWith(PREFIX);
}
