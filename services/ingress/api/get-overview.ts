import type { GetOverviewResponse } from '../../../libs/contracts/services.ts';
import { readOverview } from '../../../libs/explain/overview.ts';
import type { IngressApiDeps } from './deps.ts';

export async function getOverview(deps: IngressApiDeps): Promise<GetOverviewResponse> {
  const { store, coordinator, limits, clock, processes, backends = () => [] } = deps;
  const breakers = () => deps.breakers.list();
  const seen = await readOverview({
    ...{ store, coordinator, processes, backends, breakers },
    limits: async (keys) => (keys.length === 0 ? [] : limits(keys)),
    nowMs: clock.now(),
  });
  return {
    atMs: seen.atMs,
    waitingRuns: seen.waitingRuns,
    openRuns: seen.openRuns,
    runs: seen.runs.map(({ isPaused, modules, ...run }) => ({ ...run, modules: [...modules], paused: isPaused })),
    waits: [...seen.waits],
    // A process of its own hosts every stage.
    stages: seen.stages.map((stage) => ({ ...stage, processes: stage.processes ?? 1 })),
    hosts: seen.hosts.map(({ nextAtMs = 0, ...host }) => ({ ...host, nextAtMs })),
    breakers: seen.breakers.map(({ key, state, trialAtMs = 0 }) => ({ key, state, trialAtMs })),
    away: seen.backends.filter(({ isReady }) => !isReady).map(({ backend, reason }) => ({ backend, reason })),
    sampled: seen.isSampled,
  };
}
