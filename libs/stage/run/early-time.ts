import type { ModuleFacts } from '../../calls/served-module.ts';
import type { RunRecord } from '../../store/port.ts';

/**
 * When the later phases of a module open early in this run, in Unix milliseconds; undefined when they do not: the module does not
 * declare it, or the run's deadline comes first.
 */
export function earlyTime(
  { acceptedAtMs, deadlineAtMs }: Pick<RunRecord, 'acceptedAtMs' | 'deadlineAtMs'>,
  { early }: Pick<ModuleFacts, 'early'>,
): number | undefined {
  if (early === undefined) return undefined;
  const earlyAtMs = acceptedAtMs + early.atMs;
  return deadlineAtMs !== undefined && deadlineAtMs <= earlyAtMs ? undefined : earlyAtMs;
}
