import { writeEnd } from '../../../libs/stage/run/close-run.ts';
import type { IngressApiDeps } from './deps.ts';

/**
 * Marks a run as open in the store after a replay has re-opened it in the coordinator. If the run has closed again in the
 * meantime, its end is written once more; otherwise the store would keep it open for ever.
 */
export async function keepOpen(deps: IngressApiDeps, runId: string): Promise<void> {
  await deps.store.markOpen(runId);
  const snapshot = await deps.coordinator.findRun(runId);
  if (snapshot === undefined || snapshot.state === 'open') return;
  await writeEnd(deps, snapshot);
}
