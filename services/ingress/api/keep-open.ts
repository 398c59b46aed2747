import { costOf, recordsOf, toRunEnd } from '../../../libs/stage/run/close-run.ts';
import type { IngressApiDeps } from './deps.ts';

/**
 * Marks a run as open in the store after a replay has re-opened it in the coordinator. If the run has closed again in the
 * meantime, its end is written once more; otherwise the store would keep it open for ever.
 */
export async function keepOpen({ store, coordinator, budgets, clock }: IngressApiDeps, runId: string): Promise<void> {
  await store.markOpen(runId);
  const snapshot = await coordinator.findRun(runId);
  if (snapshot === undefined || snapshot.state === 'open') return;
  const items = await store.countItems(runId);
  const end = { ...toRunEnd(snapshot, items, clock.now()), ...(await costOf({ budgets }, runId)) };
  await store.closeRun(runId, end, recordsOf(coordinator, runId, end));
}
