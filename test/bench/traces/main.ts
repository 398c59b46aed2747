/** `npm run bench:traces`: what traces cost, in steps per second, beside the same work without them. */
import { FIVE_SERVICES } from '../../fixtures/deployment/deployment.ts';
import { startFleet, submitTask } from '../distributed/fleet.ts';
import { cpuSecondsOf, peakRssBytesOf } from '../distributed/processes.ts';
import { type BenchServers, startBenchServers } from '../distributed/servers.ts';
import { machine } from '../machine.ts';
import { median, medianRatio } from '../medians.ts';
import { namesIn, runCommand, WrongOption, whole } from '../options.ts';
import { writeSection } from '../page.ts';
import { type Player, playRounds, type Sample, type Samples, toSample } from '../rounds.ts';
import { runChild } from '../run-child.ts';
import { ROOT, withScratchFolder } from '../scratch.ts';
import { sampleLine } from '../speed-tables.ts';
import { figure, table } from '../table.ts';
import { type OtlpSink, startOtlpSink } from './sink.ts';
import type { TracedJob, TracedResult } from './steps.ts';
import { untilAllClosed } from './until-closed.ts';

const defaults = { rounds: '5', runs: '100', chains: '200' };

/** Where the steps are executed. */
const PLACES = ['single', 'services'] as const;

const usage = `npm run bench:traces -- [options]
Executes chains of three steps without network, without traces and with a share of the runs traced, and compares steps per second.
A collector that throws everything away stands beside it, on the same machine. A whole run writes docs/benchmarks/engine.md.

  --rounds N      rounds, each share once in each; default ${defaults.rounds}
  --runs N        runs, which are sampled by their ids, at most 500; default ${defaults.runs}
  --chains N      chains of each run; default ${defaults.chains}
  --only A,B      of ${PLACES.join(', ')}: one process on a file, five services
  --no-write      leave docs/benchmarks/engine.md as it is`;

const options = {
  rounds: { type: 'string', default: defaults.rounds },
  runs: { type: 'string', default: defaults.runs },
  chains: { type: 'string', default: defaults.chains },
  only: { type: 'string' },
  'no-write': { type: 'boolean', default: false },
} as const;

/** A share of the runs that is traced; undefined: traces are off. */
interface Share extends Player {
  readonly ratio: number | undefined;
}

const SHARES: readonly Share[] = [
  { id: 'off', name: 'no traces', ratio: undefined },
  { id: 'none', name: 'failures only', ratio: 0 },
  { id: 'default', name: '5 % of the runs (default)', ratio: 0.05 },
  { id: 'all', name: 'all runs', ratio: 1 },
];

interface Plan {
  readonly rounds: number;
  readonly runs: number;
  readonly chains: number;
  readonly scratch: string;
  readonly sink: OtlpSink;
}

await runCommand(usage, options, async (values) => {
  const sizes = {
    rounds: whole('rounds', values.rounds),
    runs: whole('runs', values.runs),
    chains: whole('chains', values.chains),
  };
  if (sizes.runs > 500) throw new WrongOption(`--runs is ${sizes.runs}: at most 500 are listed on one page`);
  const places = namesIn('only', values.only ?? PLACES.join(), PLACES);
  const sink = await startOtlpSink();
  try {
    const section = await withScratchFolder((scratch) => measureAll(places, { ...sizes, scratch, sink }));
    if (!values['no-write'] && values.only === undefined) writeSection('traces', section);
  } finally {
    await sink.stop();
  }
  return true;
});

async function measureAll(places: readonly (typeof PLACES)[number][], plan: Plan): Promise<string> {
  const parts = [`Measured on ${machine()}.`];
  const how = `${figure(plan.runs)} runs of ${figure(plan.chains)} chains of three steps, ${plan.rounds} rounds`;
  if (places.includes('single')) {
    const samples = await play(plan, (share, folder) => stepSingle(plan, share, folder));
    parts.push(`### One process, on a file: ${how}`, tracesTable(samples));
  }
  if (places.includes('services')) {
    const servers = await startBenchServers(plan.scratch);
    try {
      const samples = await play(plan, (share) => stepServices(plan, share, servers));
      parts.push(`### Five services: ${how}`, tracesTable(samples));
    } finally {
      await servers.stop();
    }
  }
  console.log(`\n${parts.join('\n\n')}`);
  return parts.join('\n\n');
}

function play(plan: Plan, one: (share: Share, folder: string) => Promise<Sample>): Promise<Samples> {
  const { rounds, scratch } = plan;
  return playRounds(SHARES, { rounds, scratch, onSample: (...sample) => console.log(sampleLine(...sample)) }, one);
}

/** Throws when steps or items are missing. */
async function stepSingle({ runs, chains, sink }: Plan, { ratio }: Share, folder: string): Promise<Sample> {
  const traced = ratio === undefined ? {} : { endpoint: sink.endpoint, ratio };
  const job: TracedJob = { runs, chains, folder, ...traced };
  const measured = await runChild<Parameters<typeof toSample>[0] & { readonly result: TracedResult }>({
    script: 'traces/steps.ts',
    job,
    folder,
  });
  const { steps, items } = measured.result;
  if (steps !== runs * (chains * 3 + 1) || items !== runs * chains) {
    throw new Error(`${steps} steps were executed with ${items} items, for ${runs} runs of ${chains} chains`);
  }
  return toSample(measured, steps);
}

async function stepServices({ runs, chains, sink }: Plan, { ratio }: Share, given: BenchServers): Promise<Sample> {
  const servers = await given.clean();
  const env: Record<string, string> =
    ratio === undefined ? {} : { CATENA_OTEL_ENDPOINT: sink.endpoint, CATENA_OTEL_SAMPLE_RATIO: String(ratio) };
  const module = `${ROOT}/test/fixtures/modules/three-steps.ts`;
  const fleet = await startFleet({ servers, services: FIVE_SERVICES, module, env });
  try {
    const pids = fleet.services.map(({ pid }) => pid);
    const cpuBefore = cpuSecondsOf(pids);
    const startMs = performance.now();
    for (let run = 0; run < runs; run++) await submitTask(fleet.ingress, 'three-steps@1.0.0', { chains });
    const ends = await untilAllClosed(fleet.ingress, runs);
    const seconds = (performance.now() - startMs) / 1_000;
    const steps = ends.reduce((sum, { done }) => sum + done, 0);
    if (steps !== runs * (chains * 3 + 1)) throw new Error(`${steps} steps were executed of ${runs} runs`);
    const cpuSeconds = cpuSecondsOf(pids) - cpuBefore;
    const { startUpSeconds } = fleet;
    return toSample({ seconds, startUpSeconds, cpuSeconds, peakRssBytes: peakRssBytesOf(pids) }, steps);
  } finally {
    await fleet.stop();
  }
}

function tracesTable(samples: Samples): string {
  const speeds = (of: readonly Sample[]) => of.map(({ unitsPerSecond }) => unitsPerSecond);
  const without = speeds(samples.get('off') ?? []);
  const rows = SHARES.map(({ id, name }) => {
    const taken = samples.get(id) ?? [];
    const lost = 1 - medianRatio(speeds(taken), without);
    return [
      name,
      figure(median(speeds(taken))),
      `${figure(lost * 100, 1)} %`,
      figure(median(taken.map(({ cpuSeconds, units }) => (cpuSeconds / units) * 1e6)), 0),
    ];
  });
  return table('traced|steps/s|fewer than without|CPU µs/step'.split('|'), rows);
}
