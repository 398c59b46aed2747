/** Runs of chains of three steps in one process on a file, traced as the job says. */
import { join } from 'node:path';
import { silentLog } from '../../../libs/telemetry/log.ts';
import { Metrics } from '../../../libs/telemetry/metrics.ts';
import { startTracing } from '../../../libs/telemetry/tracing.ts';
import threeSteps from '../../fixtures/modules/three-steps.ts';
import { measure } from '../child.ts';
import { completed, startBenchNode, submit } from '../contestants/bench-node.ts';

export interface TracedJob {
  readonly runs: number;
  readonly chains: number;
  readonly folder: string;
  /** Without it nothing is traced. */
  readonly endpoint?: string;
  readonly ratio?: number;
}

export interface TracedResult {
  readonly steps: number;
  readonly items: number;
}

await measure(async ({ runs, chains, folder, endpoint, ratio = 0 }: TracedJob) => {
  const resource = { 'service.name': 'bench' };
  const tracing =
    endpoint === undefined
      ? undefined
      : await startTracing({ endpoint, resource, sampleRatio: ratio, log: silentLog, metrics: new Metrics() });
  const node = startBenchNode(threeSteps, join(folder, 'catena.db'));
  let steps = 0;
  let items = 0;
  for (let run = 0; run < runs; run++) {
    const { runId } = await submit(node, threeSteps, { chains });
    const end = await completed(node, runId);
    steps += end.done;
    items += end.items;
  }
  return async (): Promise<TracedResult> => {
    await node.stop();
    await tracing?.stop();
    return { steps, items };
  };
});
