/** The parts of the benchmark: each plays its rounds and answers its section of the page, and how its goals stand. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { defaultCatalogue, expectedItems } from '../../../examples/shop/site/catalogue.ts';
import type { BytesJob, BytesReport } from '../contestants/redis-bytes.ts';
import type { ClaimsJob, ClaimsReport } from '../contestants/redis-claims.ts';
import { median, medianRatio } from '../medians.ts';
import { type CrawlTask, type Play, playRounds } from '../rounds.ts';
import { runChild } from '../run-child.ts';
import { startSite } from '../site-process.ts';
import { sampleLine } from '../speed-tables.ts';
import { figure } from '../table.ts';
import { CRAWLERS, STEPPERS, WAITERS } from './contestants.ts';
import type { Goal } from './goals.ts';
import { quantile } from './instants.ts';
import { measureFleet, measureSingle } from './latency.ts';
import { crawlOnce } from './pages.ts';
import type { BenchServers } from './servers.ts';
import { stepOnce } from './steps.ts';
import { bytesTable, claimsOf, claimsTable, latencyTable, perCpuSecond, speeds, throughputTable } from './tables.ts';

export interface Sizes {
  readonly rounds: number;
  readonly chains: number;
  readonly products: number;
  readonly concurrency: number;
  readonly nodes: number;
  readonly submissions: number;
}

export interface Bench extends Sizes {
  readonly servers: BenchServers;
  readonly scratch: string;
}

export interface PartResult {
  readonly title: string;
  readonly text: string;
  readonly goals: readonly Goal[];
}

/** Steps and jobs at once, and calls of Redis. */
const LANES = 64;

export async function measureSteps({ rounds, chains, servers, scratch }: Bench): Promise<PartResult> {
  const task = { chains, concurrency: LANES };
  const samples = await playRounds(STEPPERS, play(rounds, scratch), async (contestant) =>
    stepOnce(contestant, await servers.clean(), task),
  );
  const [bullMq] = STEPPERS;
  const best = (ids: readonly string[]): number[] =>
    Array.from({ length: rounds }, (_, round) => Math.max(...ids.map((id) => speeds(samples.get(id)!)[round]!)));
  const peers = best(STEPPERS.flatMap((each) => ('processes' in each ? [each.id] : [])));
  const found = medianRatio(best(['all', 'two']), peers);
  return {
    title: `Three steps, no network: ${figure(chains)} chains, ${LANES} at once, ${rounds} rounds`,
    text: throughputTable(STEPPERS, samples, { unit: 'steps', beside: bullMq }),
    goals: [{ what: 'steps/s, all-stage processes beside the faster BullMQ', found, unit: '×', atLeast: 1 }],
  };
}

export async function measureClaims({ rounds, nodes, servers, scratch }: Bench): Promise<PartResult> {
  const reports: ClaimsReport[] = [];
  for (let round = 0; round < rounds; round++) {
    const { redisUrl } = await servers.clean();
    const job: ClaimsJob = { redisUrl, nodes, lanes: LANES };
    const report = await runChild<ClaimsReport>({ script: 'contestants/redis-claims.ts', job, folder: scratch });
    console.log(`round ${round + 1}  ${figure(report.claims)} claims/s beside ${figure(report.bare)}`);
    reports.push(report);
  }
  const bare = reports.map((report) => report.bare);
  const found = medianRatio(claimsOf(reports), bare);
  return {
    title: `Claims and commits: ${figure(nodes)} nodes, one client, ${LANES} calls under way, ${rounds} rounds`,
    text: claimsTable(reports),
    goals: [{ what: 'claims/s beside the bare EVALSHA', found, unit: '×', atLeast: 0.4 }],
  };
}

export async function measurePages(bench: Bench): Promise<PartResult> {
  const { rounds, products, concurrency, servers, scratch } = bench;
  const { seed } = defaultCatalogue;
  const site = await startSite(products, seed);
  try {
    const task: CrawlTask = { site, concurrency, expected: expectedItems({ products, seed }) };
    const clean = () => servers.clean();
    // The site renders its pages at the first crawl, which does not count.
    await crawlOnce(CRAWLERS[0], mkdtempSync(join(scratch, 'warm-')), clean, task);
    const samples = await playRounds(CRAWLERS, play(rounds, scratch), (contestant, folder) =>
      crawlOnce(contestant, folder, clean, task),
    );
    const cpu = (id: string): number[] => perCpuSecond(samples.get(id)!);
    return {
      title: `Crawling the shop: ${figure(site.pages)} pages, ${concurrency} requests at once, ${rounds} rounds`,
      text: throughputTable(CRAWLERS, samples, { unit: 'pages', beside: CRAWLERS[0] }),
      goals: [
        {
          what: 'pages per CPU second, two all-stage processes beside the single node',
          found: medianRatio(cpu('two'), cpu('single')),
          unit: '×',
          atLeast: 0.8,
        },
      ],
    };
  } finally {
    await site.stop();
  }
}

export async function measureLatency({ rounds, submissions, servers, scratch }: Bench): Promise<PartResult> {
  const latencies = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { id, services } of WAITERS) {
      const task = { submissions, folder: mkdtempSync(join(scratch, `${id}-`)) };
      const ms =
        services.length === 0 ? await measureSingle(task) : await measureFleet(task, await servers.clean(), services);
      console.log(`round ${round + 1}  ${id}: p50 ${figure(median(ms), 1)} ms`);
      latencies.set(id, [...(latencies.get(id) ?? []), ...ms]);
    }
  }
  const p50 = (id: string): number => quantile(latencies.get(id)!, 0.5);
  return {
    title: `From a submission to its first request: ${figure(submissions)} one after the other, ${rounds} rounds`,
    text: latencyTable(WAITERS, latencies),
    goals: [
      { what: 'p50 of a single node', found: p50('single'), unit: 'ms', atMost: 5 },
      { what: 'p50 of five processes', found: p50('five'), unit: 'ms', atMost: 15 },
    ],
  };
}

export async function measureBytes({ nodes, servers, scratch }: Bench): Promise<PartResult> {
  const { redisUrl } = await servers.clean();
  const job: BytesJob = { redisUrl, nodes };
  const report = await runChild<BytesReport>({ script: 'contestants/redis-bytes.ts', job, folder: scratch });
  return {
    title: 'What a node takes of Redis',
    text: bytesTable(report, nodes),
    goals: [
      { what: 'a pending node beside its body', found: report.pending - report.body, unit: 'bytes', atMost: 2_048 },
      { what: 'a finished node', found: report.finished, unit: 'bytes', atMost: 400 },
    ],
  };
}

function play(rounds: number, scratch: string): Play {
  return { rounds, scratch, onSample: (...sample) => console.log(sampleLine(...sample)) };
}
