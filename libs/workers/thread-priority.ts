/** The priority of a thread, where the operating system has one for each. */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';

/** About a third of the processor's time of a usual thread while both want it, and all of it when nobody else does. */
const NICE = 5;

/**
 * Lets other threads go first: when author code fills all cores, the main threads of the processes still answer at once. Linux gives each
 * thread a priority; elsewhere this does nothing.
 */
export function letOthersGoFirst(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICE);
  } catch {
    // Without /proc, or where it is forbidden, the thread stays as it is.
  }
}
