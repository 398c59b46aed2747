/** Crawlee with its storage on disk, kept from one start to the next. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { versionOf } from '../../bench/peers.ts';
import type { Contestant } from '../contestant.ts';
import { supervise } from '../program.ts';
import { rowsOf } from './scrapy.ts';

const CRAWLER = fileURLToPath(new URL('./crawlee-program.ts', import.meta.url));

export const crawlee: Contestant = {
  name: 'Crawlee on disk',
  version: () => versionOf('@crawlee/cheerio', 'peers'),
  servers: [],
  notes: ['It has no join: the program sums the dataset when the crawler has ended.'],
  async begin({ url, folder }) {
    const output = join(folder, 'items.jsonl');
    const args = [CRAWLER, JSON.stringify({ base: url, folder, output })];
    const program = supervise({ command: process.execPath, args, folder });
    return {
      ended: program.ended,
      kill: program.kill,
      stop: program.stop,
      fail: (server) => Promise.reject(new Error(`it needs no ${server}`)),
      items: async () => rowsOf(await readFile(output, 'utf8').catch(() => '')),
    };
  },
};
