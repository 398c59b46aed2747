/** Catena on pages of one size, in memory: what workers cost beside the main thread. */
import { measure, readJob } from '../child.ts';
import { openBenchModule, type Place } from './bench-modules.ts';
import { completed, startBenchNode, submit } from './bench-node.ts';

export interface SizedJob {
  readonly base: string;
  readonly pages: number;
  readonly place: Place;
}

const { place } = readJob<SizedJob>();
const opened = await openBenchModule('sized-pages.ts', place);

await measure(async ({ base, pages }: SizedJob) => {
  const [module] = opened.modules;
  const node = startBenchNode(module!, ':memory:', {
    'limits.requests_per_second': 0,
    'limits.concurrency_per_host': 16,
    download_concurrency: 16,
  });
  const { runId } = await submit(node, module!, { base, pages });
  const { items } = await completed(node, runId);
  return async () => {
    await node.stop();
    await opened.stop();
    return items;
  };
});
