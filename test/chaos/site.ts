/**
 * The site that the runs collect from, and the ledger of what was asked of it: the effect that they have on the world
 * outside. The ledger is only ever appended to. A page fails at most twice, by an error, by silence or by being cut off,
 * and is healthy after that.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Dice, fractionOf } from '../../examples/shop/site/random.ts';
import { HOST } from '../fixtures/servers/host.ts';
import { pageOf, type World } from './world.ts';

export type Answer = 'served' | 'error' | 'silence' | 'cut' | 'hollow' | 'unknown';

/** One request as it was answered. */
export interface Entry {
  readonly run: number;
  readonly path: string;
  readonly answer: Answer;
  /** Milliseconds since the site began. */
  readonly atMs: number;
}

export interface Site {
  /** Where a run's pages are. */
  base(run: number): string;
  readonly ledger: readonly Entry[];
  /** From now on no page fails and every one is quick. */
  heal(): void;
  stop(): Promise<void>;
}

export interface SiteOptions {
  readonly seed: number;
  readonly worlds: (run: number) => World | undefined;
  /** The longest that a healthy page takes; on average it is about half of it. */
  readonly slowestMs: number;
}

const FAILURES: readonly (readonly [Answer, number])[] = [
  ['error', 0.04],
  ['cut', 0.02],
  ['hollow', 0.01],
  ['silence', 0.01],
];
const FAILURES_PER_PAGE = 2;

export async function startSite({ seed, worlds, slowestMs }: SiteOptions): Promise<Site> {
  const ledger: Entry[] = [];
  const asked = new Map<string, number>();
  const startedMs = performance.now();
  let healed = false;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const [, run = '', ...rest] = (request.url ?? '').split('/');
    const path = rest.join('/');
    const world = worlds(Number(run));
    const page = world === undefined ? undefined : pageOf(world, path);
    const nth = (asked.get(request.url!) ?? 0) + 1;
    asked.set(request.url!, nth);
    const kind = page === undefined ? 'unknown' : healed ? 'served' : answerOf(seed, request.url!, nth);
    const waitMs = healed ? 0 : new Dice(`${seed}/wait/${nth}${request.url}`).between(0, slowestMs);
    setTimeout(() => {
      if (response.destroyed) return;
      ledger.push({ run: Number(run), path, answer: kind, atMs: Math.round(performance.now() - startedMs) });
      respond(response, kind, page, nth);
    }, waitMs);
  }

  const server = createServer(answer).listen(0, HOST);
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    base: (run) => `http://${HOST}:${port}/${run}`,
    ledger,
    heal: () => {
      healed = true;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerOf(seed: number, url: string, nth: number): Answer {
  if (nth > FAILURES_PER_PAGE) return 'served';
  let left = fractionOf(`${seed}/answer/${nth}${url}`);
  for (const [kind, rate] of FAILURES) {
    left -= rate;
    if (left < 0) return kind;
  }
  return 'served';
}

/** A page that fails twice gives other bytes each time: the same ones would be the page itself, which no retry mends. */
function respond(response: ServerResponse, kind: Answer, page: Record<string, unknown> | undefined, nth: number): void {
  // A client that waits in vain gives up by itself.
  if (kind === 'silence') return;
  const whole = JSON.stringify({ ...page, end: true });
  const status = { error: 500, unknown: 404 }[kind as string] ?? 200;
  response.writeHead(status, { 'content-type': 'application/json' });
  if (kind === 'cut') response.end(whole.slice(0, (whole.length * nth) / (FAILURES_PER_PAGE + 1)));
  else if (kind === 'hollow') response.end(JSON.stringify({ asked: nth }));
  else response.end(kind === 'served' ? whole : '{}');
}
