/** The origin of a value, for people: `default`, `catena.yaml line 3`, `CATENA_LEASE_MS`, `command line`. */
export type Origin = string;

/** One problem of the configuration. */
export interface ConfigProblem {
  /** The setting, or the unknown name, or the file. */
  readonly key: string;
  readonly origin: Origin;
  /** The value and the expected one, in words; secrets redacted. */
  readonly problem: string;
  readonly remedy: string;
}
