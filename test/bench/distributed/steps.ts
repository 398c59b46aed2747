/** Three steps without network: chains whose steps are committed exactly once, beside jobs that add the next job. */
import { isDeepStrictEqual } from 'node:util';
import type { Chain } from '../contestants/bullmq-worker.ts';
import type { Sample } from '../rounds.ts';
import { ROOT } from '../scratch.ts';
import { runBullMq } from './bullmq.ts';
import type { BullMqProcesses, CatenaProcesses } from './contestants.ts';
import { itemsOf, startFleet } from './fleet.ts';
import { profiledRun } from './profiled-run.ts';
import type { CleanServers } from './servers.ts';

export interface StepsTask {
  readonly chains: number;
  /** Steps at once, in each process of Catena; jobs of each step at once, in each process of BullMQ. */
  readonly concurrency: number;
  readonly profileTo?: string;
}

const MODULE = `${ROOT}/test/fixtures/modules/three-steps.ts`;

/** Executes the chains once. Throws when a step was executed too often or too seldom, or a result differs. */
export function stepOnce(
  contestant: CatenaProcesses | BullMqProcesses,
  servers: CleanServers,
  task: StepsTask,
): Promise<Sample> {
  return 'services' in contestant ? stepFleet(contestant, servers, task) : stepBullMq(contestant, servers, task);
}

async function stepBullMq(
  { name, processes, finished }: BullMqProcesses,
  servers: CleanServers,
  { chains, concurrency }: StepsTask,
): Promise<Sample> {
  const run = await runBullMq({ servers, processes, chains, concurrency, finished });
  const { steps, seconds, cpuSeconds, startUpSeconds, peakRssBytes } = run;
  checkChains(name, run.results, chains);
  if (steps !== chains * 3) throw new Error(`${name} executed ${steps} steps of ${chains} chains`);
  const serversCpu = { redis: run.redisCpuSeconds };
  return { units: steps, unitsPerSecond: steps / seconds, startUpSeconds, cpuSeconds, peakRssBytes, serversCpu };
}

async function stepFleet(
  { name, services }: CatenaProcesses,
  servers: CleanServers,
  { chains, concurrency, profileTo }: StepsTask,
): Promise<Sample> {
  const env = { CATENA_TASK_CONCURRENCY: String(concurrency) };
  const profiling = profileTo === undefined ? {} : { profileTo };
  const fleet = await startFleet({ servers, services, module: MODULE, env, ...profiling });
  try {
    const measured = await profiledRun(fleet, servers, { moduleId: 'three-steps@1.0.0', input: { chains } }, profileTo);
    const { run, seconds, cpuSeconds, serversCpu, peakRssBytes } = measured;
    checkChains(name, (await itemsOf(fleet.ingress, run.runId)) as Chain[], chains);
    // The start is a step too, which BullMQ does not have: it counts for the check alone.
    if (run.end?.done !== chains * 3 + 1)
      throw new Error(`${name} executed ${run.end?.done} steps of ${chains} chains`);
    const units = chains * 3;
    const { startUpSeconds } = fleet;
    return { units, unitsPerSecond: units / seconds, startUpSeconds, cpuSeconds, peakRssBytes, serversCpu };
  } finally {
    await fleet.stop();
  }
}

/** Every chain has to have ended once, with the value that its steps make. */
export function checkChains(name: string, results: readonly Chain[], chains: number): void {
  const sorted = results.toSorted((one, other) => one.chain - other.chain);
  const wrong = sorted.findIndex((result, chain) => !isDeepStrictEqual(result, { chain, value: (chain + 1) * 2 - 1 }));
  if (wrong !== -1) throw new Error(`${name} gave ${JSON.stringify(sorted[wrong])} where chain ${wrong} was expected`);
  if (sorted.length !== chains) throw new Error(`${name} ended ${sorted.length} chains of ${chains}`);
}
