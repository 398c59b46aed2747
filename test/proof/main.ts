/**
 * `npm run proof`: the same crawl by Catena and by its peers, while processes and servers are killed. It prints a table, and
 * writes it into docs/benchmarks/reliability.md.
 */
import { parseArgs } from 'node:util';
import { installPeers } from '../bench/peers.ts';
import type { Contestant, ServerName } from './contestant.ts';
import { bullmq } from './contestants/bullmq.ts';
import { catenaFile } from './contestants/catena-file.ts';
import { catenaServices } from './contestants/catena-services.ts';
import { crawlee } from './contestants/crawlee.ts';
import { scrapy } from './contestants/scrapy.ts';
import { measure } from './measure.ts';
import { type Column, type Row, tableOf, writePage } from './page.ts';

const CONTESTANTS: readonly Contestant[] = [catenaFile, catenaServices, scrapy, crawlee, bullmq];

const usage = `usage: npm run proof -- [--kills N] [--outages N] [--seed N] [--only NAME] [--no-page]
  --kills N     kill -9 of processes, for each contestant; default 100
  --outages N   failures of each server, for each contestant that needs it; default 5
  --seed N      what everything random is drawn from; default 1
  --only NAME   contestants whose name contains this; the page is not written
  --no-page     only prints
`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    outages: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    'no-page': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const interrupted = new AbortController();
const { signal } = interrupted;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());

interface Trial extends Column {
  readonly server: ServerName | undefined;
  readonly appendfsync: 'always' | 'everysec';
  readonly strikes: number;
}

function trials(): Trial[] {
  const kills = numberOf('kills');
  const outages = numberOf('outages');
  return [
    { title: `${kills} × kill -9`, server: undefined, appendfsync: 'always', strikes: kills },
    { title: `Redis restarted, everysec, ${outages} ×`, server: 'redis', appendfsync: 'everysec', strikes: outages },
    { title: `Redis restarted, always, ${outages} ×`, server: 'redis', appendfsync: 'always', strikes: outages },
    { title: `NATS wiped, ${outages} ×`, server: 'nats', appendfsync: 'always', strikes: outages },
    { title: `PostgreSQL restarted, ${outages} ×`, server: 'postgres', appendfsync: 'always', strikes: outages },
  ];
}

function numberOf(name: 'kills' | 'outages' | 'seed'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} is ${JSON.stringify(values[name])}: give a whole number`);
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  installPeers();
  const seed = numberOf('seed');
  const chosen = CONTESTANTS.filter(({ name }) => name.toLowerCase().includes(values.only.toLowerCase()));
  const rows: Row[] = [];
  for (const contestant of chosen) {
    const { name, notes } = contestant;
    const cells: Row['cells'][number][] = [];
    for (const trial of trials()) {
      const { server, appendfsync, strikes } = trial;
      const takesPart = strikes > 0 && (server === undefined || contestant.servers.includes(server));
      const onProgress = (line: string) => void process.stderr.write(`${line}\n`);
      cells.push(
        takesPart ? await measure({ contestant, seed, strikes, server, appendfsync, signal, onProgress }) : undefined,
      );
    }
    rows.push({ name, notes, version: await contestant.version(), cells });
  }
  process.stdout.write(`${tableOf(trials(), rows)}\n`);
  if (values.only === '' && !values['no-page']) await writePage(trials(), rows, seed);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  if (!signal.aborted) throw error;
  process.stderr.write('interrupted; everything that was started has been stopped\n');
  process.exit(130);
}
