/** A run of the smallest example against a site of this machine, to see whether a deployment does its work. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HOST } from '../../fixtures/servers/host.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const MODULE = join(ROOT, 'examples/smallest/shop.ts');
const PAGES = 30;
const PRODUCTS_PER_PAGE = 10;
export const ROWS = PAGES * PRODUCTS_PER_PAGE;

export interface CollectOptions {
  /** The address of ingress. */
  readonly address: string;
  /** An operator's. */
  readonly token: string;
  /** The URL of the site. */
  readonly base: string;
  readonly scratch: string;
}

/** Gives the run at the entrance and resolves with the number of different rows. */
export async function collect({ address, token, base, scratch }: CollectOptions): Promise<number> {
  const output = join(scratch, 'products.jsonl');
  const args = ['run', MODULE, '--input', `base=${base}`, '--input', `pages=${PAGES}`];
  const place = ['--server', `${address}:4950`, '--token', token, '-o', output];
  await promisify(execFile)(process.execPath, [join(ROOT, 'services/catena.ts'), ...args, ...place], { cwd: scratch });
  const rows = (await readFile(output, 'utf8')).trimEnd().split('\n');
  if (new Set(rows).size !== rows.length) throw new Error('a row was written twice');
  return rows.length;
}

/** A shop with {@link PAGES} list pages. */
export async function startSite() {
  let count = 0;
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://shop');
    count += 1;
    for (const look of waiting) look();
    response.setHeader('content-type', 'text/html');
    if (url.pathname === '/list') {
      const page = Number(url.searchParams.get('page'));
      const skus = Array.from({ length: PRODUCTS_PER_PAGE }, (_, at) => `s${page}-${at}`);
      response.end(skus.map((sku) => `<a data-sku="${sku}">${sku}</a>`).join('\n'));
    } else if (url.pathname.startsWith('/p/')) response.end('<b class="price">1.50</b>');
    else response.writeHead(404).end();
  }).listen(0, HOST);
  await once(server, 'listening');
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    /** Resolves when so many requests have come. */
    asked: (least: number) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (count < least) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
