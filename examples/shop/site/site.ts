/**
 * The demo shop as an HTTP server on loopback. Pages are rendered when first asked for and kept, so that in a benchmark
 * the site costs little beside its client.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Catalogue, type CatalogueOptions, defaultCatalogue } from './catalogue.ts';
import { checkFaultPlan, type FaultPlan, faultOf, malformed } from './faults.ts';
import { type Ledger, openLedger, type SiteStats } from './ledger.ts';
import { renderPage } from './routes.ts';

export interface ShopSiteOptions extends Partial<CatalogueOptions> {
  /** What goes wrong; default: nothing. `crashRunFaults` is the plan of the crash runs. */
  readonly faults?: FaultPlan | undefined;
  /** Default 0: a free one. */
  readonly port?: number | undefined;
  /** Where to append a line per request; default: counted in memory only. */
  readonly ledgerPath?: string | undefined;
}

export interface ShopSite {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly catalogue: Catalogue;
  stats(): SiteStats;
  /** How often a path was asked for. */
  requestsOf(path: string): number;
  /** Ends open connections, hanging requests too; may be called twice. */
  close(): Promise<void>;
}

/** Where the statistics can be read over HTTP, as JSON. */
export const statsPath = '/-/stats';

/** Pages kept after they were rendered, about 12 KB each. */
const maxKeptPages = 5_000;

/**
 * Longer than any client keeps a connection, because one that the server closes just as the client sends on it is an
 * error nobody asked for.
 */
const keepAliveMs = 120_000;

const robots = 'User-agent: *\nAllow: /\nDisallow: /basket\nDisallow: /search\n';

/** Starts a shop. Throws a RangeError for sizes or rates that make no sense, and Node's error for a port or a file. */
export async function startShopSite(options: ShopSiteOptions = {}): Promise<ShopSite> {
  const { products, pageSize, seed } = { ...defaultCatalogue, ...options };
  const catalogue = new Catalogue({ products, pageSize, seed });
  if (options.faults !== undefined) checkFaultPlan(options.faults);
  const ledger = await openLedger(options.ledgerPath);
  const shop = new Shop(catalogue, options.faults, ledger);
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    const answer = shop.answer(request.method ?? 'GET', request.url ?? '/');
    // Without an answer the socket stays open: the client's own timeout, or close(), ends it.
    if (answer !== undefined) send(response, answer);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    catalogue,
    stats: () => ledger.stats(),
    requestsOf: (path) => ledger.countOf(path),
    close: async () => {
      if (server.listening) {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }
      await ledger.close();
    },
  };
}

/** What a request gets; undefined is no answer at all. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly retryAfterS?: number;
}

const html = 'text/html; charset=utf-8';

class Shop {
  readonly #catalogue: Catalogue;
  readonly #faults: FaultPlan | undefined;
  readonly #ledger: Ledger;
  readonly #pages = new Map<string, Buffer>();

  constructor(catalogue: Catalogue, faults: FaultPlan | undefined, ledger: Ledger) {
    this.#catalogue = catalogue;
    this.#faults = faults;
    this.#ledger = ledger;
  }

  answer(method: string, path: string): Answer | undefined {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, type: 'text/plain', body: 'GET only\n' };
    if (path === '/robots.txt') return { status: 200, type: 'text/plain', body: robots };
    if (path === statsPath)
      return { status: 200, type: 'application/json', body: JSON.stringify(this.#ledger.stats()) };
    const page = this.#page(path);
    if (page === undefined) {
      this.#ledger.recordUnknown();
      return { status: 404, type: html, body: '<!doctype html><h1>Not found</h1>\n' };
    }
    const nth = this.#ledger.arrived(path);
    const fault = this.#faults && faultOf(this.#faults, this.#catalogue.seed, path, nth);
    this.#ledger.record(path, nth, fault ?? 'served');
    switch (fault) {
      case undefined:
        return { status: 200, type: html, body: page };
      case 'error':
        return { status: 500, type: html, body: '<!doctype html><h1>Something went wrong</h1>\n' };
      case 'throttled':
        return { status: 429, type: html, body: '<!doctype html><h1>Too many requests</h1>\n', ...this.#wait() };
      case 'malformed':
        return { status: 200, type: html, body: malformed(page.toString(), this.#catalogue.seed, path, nth) };
      case 'timeout':
        return undefined;
    }
  }

  #wait(): { retryAfterS: number } {
    return { retryAfterS: this.#faults?.retryAfterS ?? 0 };
  }

  #page(path: string): Buffer | undefined {
    const kept = this.#pages.get(path);
    if (kept !== undefined) return kept;
    const rendered = renderPage(this.#catalogue, path);
    if (rendered === undefined) return undefined;
    const page = Buffer.from(rendered);
    if (this.#pages.size < maxKeptPages) this.#pages.set(path, page);
    return page;
  }
}

function send(response: ServerResponse, answer: Answer): void {
  response.statusCode = answer.status;
  response.setHeader('content-type', answer.type);
  response.setHeader('content-length', Buffer.byteLength(answer.body));
  if (answer.retryAfterS !== undefined) response.setHeader('retry-after', String(answer.retryAfterS));
  response.end(answer.body);
}
