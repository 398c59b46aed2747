const PREFIX = 'CATENA_';

/** The variable of the environment that sets a setting: `retry.base_delay_ms` is `CATENA_RETRY_BASE_DELAY_MS`. */
export function variableName(setting: string): string {
  return PREFIX + setting.toUpperCase().replace('.', '_');
}

/** Whether a variable looks as if it set something of ours. */
export function isOurs(variable: string): boolean {
  return variable.startsWith(PREFIX);
}
