/** The door to Crawlee, which is installed apart (`peers/`): the parts of it that the contestant uses. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CheerioAPI } from 'cheerio/slim';

interface Target {
  readonly url: string;
  readonly label: string;
}

interface HandlerContext<Row> {
  readonly $: CheerioAPI;
  readonly request: Target;
  addRequests(targets: readonly Target[]): Promise<void>;
  pushData(row: Row): Promise<void>;
}

interface CrawlerOptions<Row> {
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
  readonly requestHandler: (context: HandlerContext<Row>) => Promise<void>;
}

interface Crawler {
  run(targets: readonly Target[]): Promise<{ readonly requestsFailed: number }>;
  getData(): Promise<{ readonly items: readonly unknown[] }>;
}

interface CrawleeCheerio {
  readonly CheerioCrawler: new <Row extends object>(options: CrawlerOptions<Row>, configuration: object) => Crawler;
  readonly Configuration: new (options: object) => object;
  readonly log: { setLevel(level: number): void; readonly LEVELS: { readonly OFF: number } };
}

interface CrawleeStorage {
  readonly MemoryStorage: new (options: { persistStorage: boolean; localDataDirectory: string }) => object;
}

const fromPeers = createRequire(join(import.meta.dirname, '../peers/package.json'));

export async function loadCrawlee(): Promise<CrawleeCheerio & CrawleeStorage> {
  const load = (name: string): Promise<unknown> => import(pathToFileURL(fromPeers.resolve(name)).href);
  const [cheerio, storage] = await Promise.all([load('@crawlee/cheerio'), load('@crawlee/memory-storage')]);
  return { ...(cheerio as CrawleeCheerio), ...(storage as CrawleeStorage) };
}
