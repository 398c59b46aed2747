/** The crawl of the proof: a list of 1,000 pages, a number on each, and their sum at the end. It counts what is asked for, and when. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const PAGES = 1_000;
/** How long an answer takes, in milliseconds. */
const ANSWER_MS = 30;

/** An item as every contestant stores it. */
export interface ProofItem {
  /** The page's number, or `sum` for what the join makes. */
  readonly id: string;
  readonly value: number;
}

export interface ProofSite {
  readonly url: string;
  /** Requests so far. */
  readonly requests: number;
  /** Resolves with the next request; rejects with the signal's reason. */
  next(signal: AbortSignal): Promise<void>;
  /** Resolves when so many requests have come. */
  reached(requests: number, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export function numberOn(page: number): number {
  return (page * 7_919) % 10_007;
}

/** What a run leaves that nothing disturbs. */
export function expectedItems(): ProofItem[] {
  const pages = Array.from({ length: PAGES }, (_, at) => ({ id: String(at), value: numberOn(at) }));
  return [...pages, { id: 'sum', value: pages.reduce((sum, { value }) => sum + value, 0) }];
}

export async function startProofSite(): Promise<ProofSite> {
  let requests = 0;
  const waiting = new Set<() => void>();
  const server = createServer(({ url = '/' }, response) => {
    requests += 1;
    for (const look of waiting) look();
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(pageAt(url));
    }, ANSWER_MS);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reached = (wanted: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (requests < wanted) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      signal.addEventListener('abort', () => {
        waiting.delete(look);
        reject(signal.reason);
      });
      look();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    reached,
    next: (signal) => reached(requests + 1, signal),
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function pageAt(path: string): string {
  if (path === '/list') return Array.from({ length: PAGES }, (_, at) => `<a href="/page/${at}">${at}</a>`).join('\n');
  const page = Number(/^\/page\/(\d+)$/.exec(path)?.[1] ?? Number.NaN);
  return Number.isNaN(page) ? '' : `<b id="value">${numberOn(page)}</b>`;
}
