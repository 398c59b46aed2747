/** `npm run bench`: Catena beside the bare loop that it cannot beat, and beside Crawlee. */
import { join, relative } from 'node:path';
import { defaultCatalogue, expectedItems } from '../../examples/shop/site/catalogue.ts';
import { CONTESTANT_IDS, type Contestant, CRAWLERS, PARSERS, STEPPERS } from './contestants.ts';
import { machine } from './machine.ts';
import { namesIn, runCommand, WrongOption, whole } from './options.ts';
import { writeSection } from './page.ts';
import { installPeers, versionOf } from './peers.ts';
import { profileTables, readProfile, summarize } from './profile.ts';
import { type CrawlTask, crawlOnce, type Play, parseOnce, playRounds, stepOnce } from './rounds.ts';
import { OUT, ROOT, withScratchFolder } from './scratch.ts';
import { startSite } from './site-process.ts';
import { crawlTable, parsersTable, sampleLine, stepsTable } from './speed-tables.ts';
import { figure } from './table.ts';

const defaults = { rounds: '5', products: '4000', concurrency: '16', chains: '20000' };

const usage = `npm run bench -- [options]
Crawls the shop of examples/shop with each contestant, round by round, and compares every row; then reads its pages from
memory with each parser alone, and executes chains of three steps without network. A whole run writes docs/benchmarks/engine.md; one with --only or --no-write prints only.

  --rounds N        rounds, each contestant once in each; default ${defaults.rounds}
  --products N      products of the shop; default ${defaults.products}, which are 5 % more pages
  --concurrency N   requests under way at once, for every contestant; default ${defaults.concurrency}
  --chains N        chains of three steps; default ${defaults.chains}
  --only A,B        of ${CONTESTANT_IDS.join(', ')}
  --no-write        leave docs/benchmarks/engine.md as it is
  --profile         instead: one crawl of Catena on a file under the profiler, and where its time went;
                    --only names another contestant`;

const options = {
  rounds: { type: 'string', default: defaults.rounds },
  products: { type: 'string', default: defaults.products },
  concurrency: { type: 'string', default: defaults.concurrency },
  chains: { type: 'string', default: defaults.chains },
  only: { type: 'string' },
  'no-write': { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
} as const;

interface Plan {
  readonly rounds: number;
  readonly products: number;
  readonly concurrency: number;
  readonly chains: number;
  readonly contestants: readonly string[];
}

await runCommand(usage, options, async (values) => {
  const plan: Plan = {
    rounds: whole('rounds', values.rounds),
    products: whole('products', values.products),
    concurrency: whole('concurrency', values.concurrency),
    chains: whole('chains', values.chains),
    contestants: namesIn('only', values.only ?? (values.profile ? 'catena' : CONTESTANT_IDS.join()), CONTESTANT_IDS),
  };
  const crawlers = CRAWLERS.filter(({ id }) => plan.contestants.includes(id));
  if (crawlers.some(({ script }) => script === 'crawlee')) installPeers();
  const section = values.profile ? await profile(plan, crawlers) : await measureSpeed(plan, crawlers);
  if (!values['no-write'] && values.only === undefined) writeSection(values.profile ? 'profile' : 'speed', section);
  return true;
});

async function measureSpeed(plan: Plan, crawlers: readonly Contestant[]): Promise<string> {
  const { rounds, products, concurrency, chains } = plan;
  const parsers = PARSERS.filter(({ id }) => plan.contestants.includes(id));
  const steppers = STEPPERS.filter(({ id }) => plan.contestants.includes(id));
  return withScratchFolder(async (scratch) => {
    const play: Play = { rounds, scratch, onSample: (...sample) => console.log(sampleLine(...sample)) };
    console.log(`${machine()}\n`);
    const parts: string[] = [`Measured on ${machine()}.`];
    if (crawlers.length > 0) {
      const crawls = await withShop(plan, (task) =>
        playRounds(crawlers, play, (contestant, folder) => crawlOnce(contestant, folder, task)),
      );
      const pages = figure(crawls.get(crawlers[0]!.id)?.[0]?.units ?? Number.NaN);
      const how = `${pages} pages, ${concurrency} requests at once, ${rounds} rounds`;
      parts.push(`### Crawling the shop: ${how}`, crawlTable(crawls), versions(plan));
    }
    if (parsers.length > 0) {
      const expected = expectedItems({ products, seed: defaultCatalogue.seed });
      const parsed = await playRounds(parsers, play, (contestant, folder) => parseOnce(contestant, folder, expected));
      parts.push(`### Reading pages alone: ${figure(products)} product pages, ${rounds} rounds`, parsersTable(parsed));
    }
    if (steppers.length > 0) {
      const steps = await playRounds(steppers, play, (contestant, folder) => stepOnce(contestant, folder, chains));
      parts.push(`### Three steps, no network: ${figure(chains)} chains, ${rounds} rounds`, stepsTable(steps));
    }
    console.log(`\n${parts.slice(1).join('\n\n')}`);
    console.log(`\nevery row compared: ${figure(products)} products by each contestant in each round, all equal`);
    return parts.join('\n\n');
  });
}

async function profile(plan: Plan, [contestant]: readonly Contestant[]): Promise<string> {
  if (contestant === undefined) throw new WrongOption('--profile needs a contestant that crawls');
  const profileTo = join(OUT, `${contestant.id}.cpuprofile`);
  return withScratchFolder(async (scratch) => {
    const sample = await withShop(plan, (task) => crawlOnce(contestant, scratch, { ...task, profileTo }));
    const summary = summarize(readProfile(profileTo));
    const what = `${contestant.name}: ${figure(sample.units)} pages in ${figure(sample.units / sample.unitsPerSecond, 2)} s`;
    const text = `${what}, of them ${figure(summary.busySeconds, 2)} s busy.\n\n${profileTables(summary)}`;
    console.log(`${text}\n\nthe profile is ${relative(ROOT, profileTo)}`);
    return text;
  });
}

/** Starts the shop, has it render its pages by one crawl that does not count, and calls `use`. */
async function withShop<Result>(
  { products, concurrency }: Plan,
  use: (task: CrawlTask) => Promise<Result>,
): Promise<Result> {
  const { seed } = defaultCatalogue;
  const site = await startSite(products, seed);
  try {
    const task: CrawlTask = { site, concurrency, expected: expectedItems({ products, seed }) };
    await withScratchFolder((folder) => crawlOnce(CRAWLERS[0], folder, task));
    return await use(task);
  } finally {
    await site.stop();
  }
}

function versions({ contestants }: Plan): string {
  const ours = ['undici', 'cheerio', 'htmlparser2'].map((name) => `${name} ${versionOf(name, 'catena')}`).join(', ');
  if (!contestants.some((id) => id.startsWith('crawlee'))) return `Versions: ${ours}.`;
  const theirs = ['@crawlee/cheerio', 'cheerio', 'htmlparser2', 'got-scraping'];
  return `Versions: ${ours}; Crawlee: ${theirs.map((name) => `${name} ${versionOf(name, 'peers')}`).join(', ')}.`;
}
