/** The shop, crawled by fleets and by a single node: the same module, the same pages, every row compared. */

import { CRAWLERS as SPEED_CRAWLERS } from '../contestants.ts';
import { type CrawlTask, crawlOnce as crawlSingle, type Sample, toSample } from '../rounds.ts';
import { differences } from '../rows.ts';
import { ROOT } from '../scratch.ts';
import type { CatenaProcesses } from './contestants.ts';
import { itemsOf, startFleet } from './fleet.ts';
import { profiledRun } from './profiled-run.ts';
import type { CleanServers } from './servers.ts';

const MODULE = `${ROOT}/test/fixtures/modules/plain-shop.ts`;
const SINGLE = SPEED_CRAWLERS.find(({ id }) => id === 'catena')!;

/** Crawls the shop once. Throws when the rows differ, or a page was not asked for exactly once. */
export async function crawlOnce(
  contestant: CatenaProcesses,
  folder: string,
  clean: () => Promise<CleanServers>,
  task: CrawlTask,
): Promise<Sample> {
  const { services, name } = contestant;
  if (services.length === 0) return crawlSingle(SINGLE, folder, task);
  const servers = await clean();
  const { site, concurrency, expected, profileTo } = task;
  const profiling = profileTo === undefined ? {} : { profileTo };
  const env = crawlEnv(concurrency, services.filter((service) => service === 'all' || service === 'downloader').length);
  const fleet = await startFleet({ servers, services, module: MODULE, env, ...profiling });
  try {
    const before = await site.requests();
    const input = { base: site.url };
    const measured = await profiledRun(fleet, servers, { moduleId: 'plain-shop@1.0.0', input }, profileTo);
    const requests = (await site.requests()) - before;
    const wrong = differences(await itemsOf(fleet.ingress, measured.run.runId), expected);
    if (requests !== site.pages) wrong.push(`${requests} pages were asked for instead of ${site.pages}`);
    if (wrong.length > 0) throw new Error(`${name} collected something else:\n  ${wrong.join('\n  ')}`);
    const { serversCpu } = measured;
    return { ...toSample({ ...measured, startUpSeconds: fleet.startUpSeconds }, site.pages), serversCpu };
  } finally {
    await fleet.stop();
  }
}

/** As many requests at once as the single node has, whoever sends them. */
function crawlEnv(concurrency: number, downloaders: number): Record<string, string> {
  return {
    CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
    CATENA_LIMITS_CONCURRENCY_PER_HOST: String(concurrency),
    CATENA_DOWNLOAD_CONCURRENCY: String(Math.ceil(concurrency / downloaders)),
  };
}
