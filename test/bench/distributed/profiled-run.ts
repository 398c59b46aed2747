/** Runs a task of a fleet, under the profiler if that is asked for. */
import { existsSync } from 'node:fs';
import { type Fleet, type MeasuredRun, profileFile, runTask } from './fleet.ts';
import type { CleanServers } from './servers.ts';

export interface Task {
  readonly moduleId: string;
  readonly input: object;
}

const LOOK_EVERY_MS = 20;
const PROFILE_TIMEOUT_MS = 30_000;

/** With a folder, the fleet must have been started to write its profiles there. */
export async function profiledRun(
  fleet: Fleet,
  servers: CleanServers,
  { moduleId, input }: Task,
  profileTo?: string,
): Promise<MeasuredRun> {
  if (profileTo === undefined) return runTask(fleet, servers, moduleId, input);
  for (const service of fleet.services) service.signal('SIGUSR2');
  const measured = await runTask(fleet, servers, moduleId, input);
  for (const service of fleet.services) service.signal('SIGUSR2');
  const late = AbortSignal.timeout(PROFILE_TIMEOUT_MS);
  for (const [nth, { name }] of fleet.services.entries()) {
    while (!existsSync(profileFile(profileTo, nth, name))) {
      if (late.aborted) throw new Error(`${name} wrote no profile`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
  return measured;
}
