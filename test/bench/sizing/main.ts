/**
 * What a deployment needs: bytes of each node in the file of one process and in each server, and the memory of every process, for runs
 * of several sizes. A run is a crawl of the shop, each page of which is a hop, a request and, for products, a small item.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from '../child.ts';
import { type Fleet, startFleet, submitTask, untilClosed } from '../distributed/fleet.ts';
import { memoryBytesOf } from '../distributed/processes.ts';
import { type BenchServers, startBenchServers } from '../distributed/servers.ts';
import { machine } from '../machine.ts';
import { runCommand, whole } from '../options.ts';
import { writeSection } from '../page.ts';
import { runChild } from '../run-child.ts';
import { ROOT, withScratchFolder } from '../scratch.ts';
import { startSite } from '../site-process.ts';
import { figure, mebibytes, table } from '../table.ts';
import type { OneProcessJob, OneProcessResult } from './one-process.ts';
import { mostHeld, openStorage } from './storage.ts';

const USAGE = `usage: npm run bench:sizing -- [--products N,N,…] [--no-write]
  --products N,N   sizes of the shop that is crawled, default 1000,5000,20000
  --no-write       prints the figures and leaves docs/guides/sizing.md as it is`;

const OPTIONS = {
  products: { type: 'string', default: '1000,5000,20000' },
  'no-write': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const MODULE = `${ROOT}/test/fixtures/modules/plain-shop.ts`;
const DEFAULT_PRODUCTS = OPTIONS.products.default;
const SEED = 7;

interface Sizes {
  readonly nodes: number;
  readonly file: number;
  readonly oneProcess: number;
  readonly redisOpen: number;
  readonly redisEnded: number;
  readonly postgres: number;
  readonly natsMost: number;
  readonly memory: Readonly<Record<'service' | 'redis' | 'nats' | 'postgres', number>>;
}

await runCommand(USAGE, OPTIONS, async (values) => {
  const sizes = values.products.split(',').map((text) => whole('products', text));
  const text = await withScratchFolder(async (scratch) => {
    const servers = await startBenchServers(scratch);
    try {
      const measured: Sizes[] = [];
      for (const products of sizes) measured.push(await sizesOf(products, scratch, servers));
      return report(measured, values.products !== DEFAULT_PRODUCTS);
    } finally {
      await servers.stop();
    }
  });
  console.log(text);
  if (!values['no-write']) writeSection('sizing', text);
  return true;
});

async function sizesOf(products: number, scratch: string, servers: BenchServers): Promise<Sizes> {
  const site = await startSite(products, SEED);
  try {
    const path = join(scratch, `${products}.db`);
    const job: OneProcessJob = { base: site.url, path };
    const script = 'sizing/one-process.ts';
    const one = await runChild<Measured<OneProcessResult>>({ script, job, folder: scratch });
    const { nodes } = one.result;
    return { nodes, file: statSync(path).size, oneProcess: one.peakRssBytes, ...(await onServices(site.url, servers)) };
  } finally {
    await site.stop();
  }
}

async function onServices(base: string, servers: BenchServers): Promise<Omit<Sizes, 'nodes' | 'file' | 'oneProcess'>> {
  const clean = await servers.clean();
  const env = {
    CATENA_ROBOTS_ENABLED: 'false',
    CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
    CATENA_LIMITS_CONCURRENCY_PER_HOST: '0',
  };
  const fleet: Fleet = await startFleet({ servers: clean, services: ['all'], module: MODULE, env });
  const storage = await openStorage(clean);
  try {
    const before = await storage.read();
    const run = submitTask(fleet.ingress, 'plain-shop@1.0.0', { base }).then((id) => untilClosed(fleet.ingress, id));
    const most = await mostHeld(storage, run);
    await run;
    await storage.query('CHECKPOINT');
    const after = await storage.read();
    const { redis, nats, postgres } = clean.pids;
    return {
      redisOpen: most.redis - before.redis,
      redisEnded: after.redis - before.redis,
      postgres: after.postgres - before.postgres,
      natsMost: most.nats - before.nats,
      memory: {
        service: memoryBytesOf(fleet.services.map(({ pid }) => pid)),
        redis: memoryBytesOf([redis]),
        nats: memoryBytesOf([nats]),
        postgres: memoryBytesOf([postgres]),
      },
    };
  } finally {
    await storage.close();
    await fleet.stop();
  }
}

function report(measured: readonly Sizes[], isOther: boolean): string {
  const each = (of: (sizes: Sizes) => number) => measured.map((sizes) => figure(of(sizes) / sizes.nodes));
  const all = (of: (sizes: Sizes) => number) => measured.map((sizes) => mebibytes(of(sizes)));
  const header = ['', ...measured.map(({ nodes }) => `${figure(nodes)} nodes`)];
  const rows = [
    ['bytes per node: file of one process', ...each(({ file }) => file)],
    ['bytes per node: Redis, most while the run is open', ...each(({ redisOpen }) => redisOpen)],
    ['bytes per node: Redis, after its end', ...each(({ redisEnded }) => redisEnded)],
    ['bytes per node: PostgreSQL, after its end', ...each(({ postgres }) => postgres)],
    ['KiB in NATS, most', ...measured.map(({ natsMost }) => figure(natsMost / 1_024))],
    ['MiB of memory: one process, most', ...all(({ oneProcess }) => oneProcess)],
    ['MiB of memory: service of all stages', ...all(({ memory }) => memory.service)],
    ['MiB of memory: Redis', ...all(({ memory }) => memory.redis)],
    ['MiB of memory: NATS', ...all(({ memory }) => memory.nats)],
    ['MiB of memory: PostgreSQL', ...all(({ memory }) => memory.postgres)],
  ];
  const note = isOther
    ? `\n\n**A run of other sizes than \`npm run bench:sizing\` has: it shows the form, not the figures.**`
    : '';
  return `Measured on ${machine()}.${note}\n\n${table(header, rows)}`;
}
