/** Where a value came from, as it is shown: `default`, `catena.yaml line 3`, `CATENA_LEASE_MS`, `command line`. */
export type Origin = string;

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** The setting, or the unknown name, or the file. */
  readonly key: string;
  readonly origin: Origin;
  /** What was read, and what should have been; secrets redacted. */
  readonly problem: string;
  readonly remedy: string;
}
