/**
 * `npm run demo`: the demo shop on loopback, failing on purpose, and the shop module that reads all of it. Killed
 * in the middle, it goes on where it was when it is started again.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { crashRunFaults, type FaultPlan } from './site/faults.ts';
import { type ShopSite, startShopSite } from './site/site.ts';

const database = '.catena/demo.db';
const items = 'out/products.jsonl';
/** Where an unfinished demo keeps the port of its shop: the address is part of a run's input, so it has to be the same. */
const unfinishedFile = '.catena/demo.json';

/** As in the crash runs, with fewer of the faults that cost seconds of silence each: a demo is to be short. */
const faults: FaultPlan = { ...crashRunFaults, rates: { ...crashRunFaults.rates, timeout: 0.005, throttled: 0.003 } };

/** Products on a list page: lists are read one after the other, so fewer of them make a shorter demo. */
const pageSize = 50;

/** Slow enough to be watched, and killed. */
const requestsPerSecond = 200;

interface CommandLine {
  main(args: readonly string[], invocation?: string): Promise<number>;
}

async function demo(): Promise<number> {
  mkdirSync('.catena', { recursive: true });
  mkdirSync('out', { recursive: true });
  const { site, isResumed } = await openShop();
  writeFileSync(unfinishedFile, JSON.stringify({ port: Number(new URL(site.url).port) }));
  say(isResumed ? 'The demo goes on where it was.' : intro(site));
  say(`Its items go to ${items}. To see that nothing is lost, kill it and start it again:\n`);
  say(`  kill -9 ${process.pid}   (from another terminal)\n  npm run demo\n`);

  // The command line in this process: whoever kills the demo kills all of it.
  const { main } = (await import(new URL('../../services/catena.ts', import.meta.url).href)) as CommandLine;
  const exitCode = await main(
    [
      'run',
      'examples/shop/shop.ts',
      ...['--input', `base=${site.url}`, '--db', database, '-o', items, '--overwrite', '--again', 'npm run demo'],
      ...['--rps', String(requestsPerSecond), '--concurrency', '32', '--set', 'sweep_interval_ms=100'],
      ...(isResumed ? [] : ['--fresh']),
    ],
    'npm run catena --',
  );
  if (exitCode === 0 || exitCode === 3) {
    rmSync(unfinishedFile, { force: true });
    const asked = site.stats();
    say(`\nThe shop was asked ${asked.requests} times, and failed on purpose ${failures(site)} times.`);
    say(`Look into ${items}; \`npm run catena -- show last --db ${database}\` tells what happened.`);
  }
  await site.close();
  return exitCode;
}

/** On the port of an unfinished demo if that is free, else anywhere. */
async function openShop(): Promise<{ readonly site: ShopSite; readonly isResumed: boolean }> {
  const port = unfinishedPort();
  if (port !== undefined) {
    const site = await startShopSite({ port, pageSize, faults }).catch(() => undefined);
    if (site !== undefined) return { site, isResumed: true };
    say(`Port ${port} is taken, so the unfinished demo cannot go on: this is a new one.`);
  }
  return { site: await startShopSite({ pageSize, faults }), isResumed: false };
}

function unfinishedPort(): number | undefined {
  try {
    const { port } = JSON.parse(readFileSync(unfinishedFile, 'utf8')) as { readonly port?: unknown };
    return Number.isInteger(port) ? (port as number) : undefined;
  } catch {
    return undefined;
  }
}

function intro(site: ShopSite): string {
  const percent = Object.values(faults.rates).reduce((sum, rate) => sum + rate, 0) * 100;
  return (
    `A shop with ${site.catalogue.size} products is open on ${site.url}. Of its answers ${Math.round(percent)} % fail: ` +
    'errors, broken pages,\npleas to come back later, and no answer at all.'
  );
}

function failures(site: ShopSite): number {
  const { outcomes } = site.stats();
  return Object.entries(outcomes).reduce((sum, [outcome, count]) => (outcome === 'served' ? sum : sum + count), 0);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

process.exitCode = await demo();
