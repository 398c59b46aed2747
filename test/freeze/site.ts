/** The pages: hostile ones, those on which author code fails, and innocent ones that go on until the site is told to end. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Shape } from './shapes.ts';

export interface FreezeSite {
  readonly base: string;
  /** When a page was first asked for, in Unix milliseconds, by its path. */
  readonly firstAskedMs: ReadonlyMap<string, number>;
  /** The innocent pages that were served. */
  readonly innocent: ReadonlySet<string>;
  /** From now on no innocent page leads to a next one. */
  finish(): void;
  stop(): Promise<void>;
}

const INNOCENT = /^\/innocent\/(\d+\/\d+)$/;
/** How long an innocent page takes. */
const ANSWER_MS = 40;

export async function startFreezeSite(shapes: readonly Shape[]): Promise<FreezeSite> {
  const byName = new Map(shapes.map((shape) => [shape.name, shape]));
  const firstAskedMs = new Map<string, number>();
  const innocent = new Set<string>();
  let goesOn = true;
  const server = createServer(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://site');
    if (!firstAskedMs.has(pathname)) firstAskedMs.set(pathname, Date.now());
    const [, chained] = INNOCENT.exec(pathname) ?? [];
    if (chained !== undefined) {
      innocent.add(chained);
      setTimeout(() => response.end(goesOn ? '<p>one <a rel=next>more</a>' : '<p>the last'), ANSWER_MS);
      return;
    }
    const shape = byName.get(decodeURIComponent(pathname.slice('/hostile/'.length)));
    if (shape === undefined) response.end('<title>a page</title>');
    else response.writeHead(200, { 'content-type': shape.contentType }).end(shape.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    firstAskedMs,
    innocent,
    finish: () => {
      goesOn = false;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
