/** Plays the rounds: every contestant once in each, in an order that rotates, each in a fresh process and folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from './child.ts';
import type { StepsResult } from './contestants/catena-steps.ts';
import type { ParseJob } from './contestants/parsers.ts';
import type { CrawlJob } from './contestants/shop-fields.ts';
import { type Contestant, scriptOf } from './contestants.ts';
import { differences } from './rows.ts';
import { runChild } from './run-child.ts';
import type { SiteProcess } from './site-process.ts';

/** What one contestant did in one round; `units` are pages or steps. */
export interface Sample {
  readonly units: number;
  readonly unitsPerSecond: number;
  readonly startUpSeconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  /** Of the servers that it stands on; none stand beside a single node. */
  readonly serversCpu?: Readonly<Record<string, number>>;
}

/** By contestant, one sample per round. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

export interface Play {
  readonly rounds: number;
  /** Where each contestant gets a folder. */
  readonly scratch: string;
  readonly onSample: (round: number, contestant: Player, sample: Sample) => void;
}

/** Whoever takes part in rounds. */
export type Player = Pick<Contestant, 'id' | 'name'>;

export async function playRounds<Each extends Player>(
  contestants: readonly Each[],
  { rounds, scratch, onSample }: Play,
  playOne: (contestant: Each, folder: string) => Promise<Sample>,
): Promise<Samples> {
  const samples = new Map<string, Sample[]>(contestants.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (const index of contestants.keys()) {
      const contestant = contestants[(index + round) % contestants.length]!;
      const folder = mkdtempSync(join(scratch, `${contestant.id}-`));
      const sample = await playOne(contestant, folder);
      rmSync(folder, { recursive: true, force: true });
      samples.get(contestant.id)!.push(sample);
      onSample(round, contestant, sample);
    }
  }
  return samples;
}

export interface CrawlTask {
  readonly site: SiteProcess;
  readonly concurrency: number;
  readonly expected: readonly { readonly sku: string }[];
  /** Where to write a CPU profile of the crawl. */
  readonly profileTo?: string;
}

/** Crawls the shop once. Throws when the rows are not exactly the expected ones, or were not got by one request a page. */
export async function crawlOnce(
  contestant: Contestant,
  folder: string,
  { site, concurrency, expected, profileTo }: CrawlTask,
): Promise<Sample> {
  const crawl: CrawlJob = { base: site.url, concurrency, folder, variant: contestant.variant };
  const job = { ...crawl, profileTo };
  const before = await site.requests();
  const measured = await runChild<Measured<unknown[]>>({ script: scriptOf(contestant), job, folder });
  const requests = (await site.requests()) - before;
  const wrong = differences(measured.result, expected);
  if (requests !== site.pages) wrong.push(`${requests} pages were asked for instead of ${site.pages}`);
  if (wrong.length > 0) throw new Error(`${contestant.name} collected something else:\n  ${wrong.join('\n  ')}`);
  return toSample(measured, site.pages);
}

/** Reads the product pages of the shop once. Throws when the rows are not exactly the expected ones. */
export async function parseOnce(
  contestant: Contestant,
  folder: string,
  expected: readonly { readonly sku: string }[],
): Promise<Sample> {
  const job: ParseJob = { products: expected.length, variant: contestant.variant };
  const measured = await runChild<Measured<unknown[]>>({ script: scriptOf(contestant), job, folder });
  const wrong = differences(measured.result, expected);
  if (wrong.length > 0) throw new Error(`${contestant.name} read something else:\n  ${wrong.join('\n  ')}`);
  return toSample(measured, expected.length);
}

/** Executes the chains once. Throws when steps or items are missing. */
export async function stepOnce(contestant: Contestant, folder: string, chains: number): Promise<Sample> {
  const job = { chains, folder, variant: contestant.variant };
  const measured = await runChild<Measured<StepsResult>>({ script: scriptOf(contestant), job, folder });
  const { steps, items } = measured.result;
  if (steps !== chains * 3 + 1 || items !== chains) {
    throw new Error(`${contestant.name} executed ${steps} steps with ${items} items, for ${chains} chains`);
  }
  return toSample(measured, steps);
}

/** What was measured while so many pages or steps were done. */
export function toSample(measured: Omit<Measured<unknown>, 'result'>, units: number): Sample {
  const { seconds, startUpSeconds, cpuSeconds, peakRssBytes } = measured;
  return { units, unitsPerSecond: units / seconds, startUpSeconds, cpuSeconds, peakRssBytes };
}
