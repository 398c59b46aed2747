import type { CallsInFlight } from '../telemetry/calls-in-flight.ts';

/** A process of a deployment, as the others know it. */
export interface ProcessInfo {
  /** Unique per start; the owner names of its leases begin with it. */
  readonly id: string;
  /** `<service>@<host>:<process id>`, for people. */
  readonly name: string;
  /** The stages that it hosts. */
  readonly stages: readonly string[];
  /** The module versions that it serves, `name@version`. */
  readonly modules: readonly string[];
  /** Whether wake-ups may wait in its memory alone. */
  readonly queuesLocally: boolean;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  /** Its calls of author code when it announced itself last; absent in a process that serves no module. */
  readonly calls?: CallsInFlight | undefined;
}
