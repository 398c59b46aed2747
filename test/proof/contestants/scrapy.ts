/** Scrapy with JOBDIR, from Debian's package python3-scrapy. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contestant } from '../contestant.ts';
import { supervise } from '../program.ts';
import type { ProofItem } from '../site.ts';

const SPIDER = fileURLToPath(new URL('./scrapy_spider.py', import.meta.url));
/** Debian's, which has Debian's packages. */
const PYTHON = '/usr/bin/python3';

export const scrapy: Contestant = {
  name: 'Scrapy with JOBDIR',
  version: async () => {
    const { stdout } = await promisify(execFile)(PYTHON, ['-c', 'import scrapy; print(scrapy.__version__)']);
    return stdout.trim();
  },
  servers: [],
  notes: [
    'It has no join: `closed()` of the spider sums what the feed holds.',
    'Its documentation asks for a graceful stop; after kill -9 the requests that were in memory are gone.',
  ],
  async begin({ url, folder }) {
    const feed = join(folder, 'items.jsonl');
    const settings = { JOBDIR: join(folder, 'job'), CONCURRENT_REQUESTS: 16, CONCURRENT_REQUESTS_PER_DOMAIN: 16 };
    const quiet = { LOG_LEVEL: 'ERROR', TELNETCONSOLE_ENABLED: 'False' };
    const program = supervise({
      command: PYTHON,
      args: [
        ...['-m', 'scrapy', 'runspider', SPIDER, '-a', `base=${url}`, '-a', `feed=${feed}`, '-o', `${feed}:jsonlines`],
        ...Object.entries({ ...settings, ...quiet }).flatMap(([name, value]) => ['-s', `${name}=${value}`]),
      ],
      folder,
    });
    return {
      ended: program.ended,
      kill: program.kill,
      stop: program.stop,
      fail: (server) => Promise.reject(new Error(`it needs no ${server}`)),
      items: async () => rowsOf(await readFile(feed, 'utf8').catch(() => '')),
    };
  },
};

/** A line that a kill has cut short is no item. */
export function rowsOf(text: string): ProofItem[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as ProofItem];
    } catch {
      return [];
    }
  });
}
