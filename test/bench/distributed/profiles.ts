/** Where the time goes, of the contestant that a goal is about: one more run, under the profiler, which costs some itself. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { defaultCatalogue, expectedItems } from '../../../examples/shop/site/catalogue.ts';
import type { ClaimsJob } from '../contestants/redis-claims.ts';
import { profileTables, readProfile, summarize } from '../profile.ts';
import { runChild } from '../run-child.ts';
import { OUT } from '../scratch.ts';
import { startSite } from '../site-process.ts';
import { figure } from '../table.ts';
import { CRAWLERS, type Part, STEPPERS } from './contestants.ts';
import { profileFile } from './fleet.ts';
import { crawlOnce } from './pages.ts';
import type { Bench } from './parts.ts';
import { stepOnce } from './steps.ts';

const LANES = 64;
const STEPPER = STEPPERS.find(({ id }) => id === 'all')!;
const CRAWLER = CRAWLERS.find(({ id }) => id === 'two')!;

/** Empty for a part that no profile would explain. */
export async function profilePart(part: Part, bench: Bench): Promise<string> {
  mkdirSync(OUT, { recursive: true });
  const profileTo = mkdtempSync(join(OUT, `profile-${part}-`));
  switch (part) {
    case 'steps':
      await stepOnce(STEPPER, await bench.servers.clean(), { chains: bench.chains, concurrency: LANES, profileTo });
      return profileText('The all-stage process', profileFile(profileTo, 0, 'all'));
    case 'pages':
      await profileCrawl(bench, profileTo);
      return profileText('One of the two all-stage processes', profileFile(profileTo, 0, 'all'));
    case 'claims':
      return profileText('The client', await profileClaims(bench, profileTo));
    default:
      return '';
  }
}

async function profileCrawl({ products, concurrency, servers }: Bench, profileTo: string): Promise<void> {
  const { seed } = defaultCatalogue;
  const site = await startSite(products, seed);
  try {
    const expected = expectedItems({ products, seed });
    await crawlOnce(CRAWLER, profileTo, () => servers.clean(), { site, concurrency, expected, profileTo });
  } finally {
    await site.stop();
  }
}

async function profileClaims({ servers, nodes }: Bench, folder: string): Promise<string> {
  const { redisUrl } = await servers.clean();
  const profileTo = join(folder, 'claims.cpuprofile');
  const job: ClaimsJob = { redisUrl, nodes, lanes: LANES, profileTo };
  await runChild({ script: 'contestants/redis-claims.ts', job, folder });
  return profileTo;
}

function profileText(whose: string, file: string): string {
  const summary = summarize(readProfile(file));
  return `${whose}, ${figure(summary.busySeconds, 2)} s busy:\n\n${profileTables(summary)}`;
}
