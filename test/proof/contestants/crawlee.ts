/** Crawlee with its storage on disk, kept from one start to the next. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { versionOf } from '../../bench/peers.ts';
import type { Contestant } from '../contestant.ts';
import { supervise } from '../program.ts';
import type { ProofItem } from '../site.ts';
import { rowsOf } from './scrapy.ts';

const CRAWLER = fileURLToPath(new URL('./crawlee-program.ts', import.meta.url));

export const crawlee: Contestant = {
  name: 'Crawlee on disk',
  version: () => versionOf('@crawlee/cheerio', 'peers'),
  servers: [],
  notes: ['It has no join: the program sums the dataset when the crawler has ended.'],
  async begin({ url, folder }) {
    const args = [CRAWLER, JSON.stringify({ base: url, folder })];
    const program = supervise({ command: process.execPath, args, folder });
    return {
      ended: program.ended,
      kill: program.kill,
      stop: program.stop,
      fail: (server) => Promise.reject(new Error(`it needs no ${server}`)),
      items: () => itemsIn(join(folder, 'storage')),
    };
  },
};

/** What its dataset holds on disk, one file for each item, and the sum. */
async function itemsIn(storage: string): Promise<ProofItem[]> {
  const folder = join(storage, 'datasets/default');
  const files = (await readdir(folder).catch(() => [])).filter((name) => /^\d+\.json$/.test(name));
  const texts = [...files.map((name) => join(folder, name)), join(storage, 'sum.json')].map((path) =>
    readFile(path, 'utf8').catch(() => ''),
  );
  return (await Promise.all(texts)).flatMap((text) => rowsOf(text.replaceAll('\n', ' ')));
}
