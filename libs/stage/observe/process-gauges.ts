import type { ProcessInfo } from '../../bus/process-info.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

/** Module versions that are counted; a deployment that serves more shows the others in `catena explain` alone. */
const MAX_MODULES = 100;
const STAGES = ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'] as const;

/** Counts at each scrape who hosts which stage, and who serves which of this process's own module versions there. */
export function meterProcesses(
  metrics: Metrics,
  processes: { list(): readonly ProcessInfo[] },
  modules: readonly string[],
): void {
  const ofStage = metrics.gauge(METRICS.processes);
  const ofModule = metrics.gauge(METRICS.moduleProcesses);
  const count = (stage: string, module?: string) =>
    processes
      .list()
      .filter((each) => each.stages.includes(stage) && (module === undefined || each.modules.includes(module))).length;
  for (const stage of STAGES) {
    ofStage.sample({ stage }, () => count(stage));
    for (const module of modules.slice(0, MAX_MODULES)) ofModule.sample({ stage, module }, () => count(stage, module));
  }
}
