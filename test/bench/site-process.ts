/** The shop of `examples/shop` in a process of its own: what it costs is not counted as a contestant's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { statsPath } from '../../examples/shop/site/site.ts';
import { ROOT } from './scratch.ts';

export interface SiteProcess {
  readonly url: string;
  /** Lists and products: what one run has to ask for. */
  readonly pages: number;
  /** Pages asked for so far. */
  requests(): Promise<number>;
  stop(): Promise<void>;
}

/** Throws when the site does not start. */
export async function startSite(products: number, seed: number): Promise<SiteProcess> {
  const program = join(ROOT, 'examples/shop/site/main.ts');
  const site = spawn(process.execPath, [program, '--products', String(products), '--seed', String(seed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(site, 'close');
  const lines = createInterface(site.stdout);
  const first = await Promise.race([once(lines, 'line'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error('the shop site did not start');
  const { url, pages } = JSON.parse(first[0] as string) as { url: string; pages: number };
  return {
    url,
    // The front page is on nobody's way.
    pages: pages - 1,
    requests: async () => ((await (await fetch(url + statsPath)).json()) as { requests: number }).requests,
    stop: async () => {
      site.stdin.end();
      await ended;
    },
  };
}
