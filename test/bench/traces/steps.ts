/** Runs of chains of three steps in one process on a file, traced as the job says. */
import { join } from 'node:path';
import { silentLog } from '../../../libs/telemetry/log.ts';
import { Metrics } from '../../../libs/telemetry/metrics.ts';
import { startTracing } from '../../../libs/telemetry/tracing.ts';
import threeSteps from '../../fixtures/modules/three-steps.ts';
import { measure, readJob } from '../child.ts';
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

// Before the work: loading the SDK is a part of a start, not of a step.
const { endpoint, ratio = 0 } = readJob<TracedJob>();
const resource = { 'service.name': 'bench' };
const tracing =
  endpoint === undefined
    ? undefined
    : await startTracing({ endpoint, resource, sampleRatio: ratio, log: silentLog, metrics: new Metrics() });

await measure(async ({ runs, chains, folder }: TracedJob) => {
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
