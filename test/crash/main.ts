/**
 * `npm run crash -- --seed N --kills K`: runs the shop against its demo site with faults on and kills the process with -9,
 * in turn at a random moment and at each named failpoint, until the kills are used up. A killed run is started again with
 * the same command; each run that ends must have exactly the items of an undisturbed one. The parser fails on a few products, in
 * ways that would end a process: their nodes, and no others, must be dead, each by its own name.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expectedItems } from '../../examples/shop/site/catalogue.ts';
import { SUSPECT_AFTER } from '../../libs/coordination/protocol/claims.ts';
import { FAILPOINTS } from '../../libs/failpoints/failpoint.ts';
import { SHORT_BUDGETS } from '../fixtures/author-faults.ts';
import { guiltyProducts } from './guilty.ts';
import { type Kill, planCrashes } from './plan.ts';
import { ended, firstLine, start } from './process.ts';
import { type Verdict, verify } from './verify.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '100' },
    products: { type: 'string', default: '2000' },
    folder: { type: 'string', default: 'out/crash' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `usage: npm run crash -- [--seed N] [--kills K] [--products N] [--folder DIR]
  --seed N       what everything random is drawn from, default 1
  --kills K      processes to kill, default 100
  --products N   products of the shop; its pages are a twentieth more, default 2000
  --folder DIR   where databases and outputs go, default out/crash
`;

/** Longest time that one process may take, in milliseconds: a run that hangs is a failure, not a wait. */
const PATIENCE_MS = 180_000;
const LOCKED_EXIT_CODE = 5;
/** The run finished, and some of its nodes failed. */
const FAILED_EXIT_CODE = 3;

interface Tally {
  kills: number;
  readonly atFailpoint: Map<string, number>;
  atMoment: number;
  processes: number;
  runs: number;
  requests: number;
  pages: number;
  /** Number of nodes that lost at least so many leases. */
  readonly crashed: number[];
  readonly bad: string[];
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const seed = Number(values.seed);
  const { kills } = planCrashes(seed, Number(values.kills));
  const tally: Tally = {
    kills: 0,
    atFailpoint: new Map(),
    atMoment: 0,
    processes: 0,
    runs: 0,
    requests: 0,
    pages: 0,
    crashed: [],
    bad: [],
  };
  await rm(values.folder, { recursive: true, force: true });
  await mkdir(values.folder, { recursive: true });
  if (!(await refuseSecond())) tally.bad.push('a second process on the same file was not refused');
  const pending = [...kills];
  while (pending.length > 0) await oneRun(seed, pending, tally);
  report(seed, kills, tally);
}

/** One run of the shop, killed as often as it is alive when a kill comes, until it ends by itself. */
async function oneRun(seed: number, pending: Kill[], tally: Tally): Promise<void> {
  const siteSeed = seed * 1_000 + tally.runs;
  const products = Number(values.products);
  const guilty = guiltyProducts(products);
  const site = start([
    'examples/shop/site/main.ts',
    ...['--faults', '--products', String(products), '--seed', String(siteSeed)],
  ]);
  const { url, pages } = await firstLine<{ url: string; pages: number }>(site);
  const database = join(values.folder, `run-${tally.runs}.db`);
  const output = join(values.folder, `run-${tally.runs}.jsonl`);
  try {
    for (;;) {
      const kill = pending[0];
      const end = await oneProcess(url, database, output, kill, tally);
      if (end.signal === 'SIGKILL') {
        pending.shift();
        countKill(kill!, tally);
        const where = kill!.kind === 'moment' ? `after ${kill!.afterMs} ms` : `${kill!.point}, pass ${kill!.hit}`;
        process.stdout.write(`kill ${tally.kills}: ${where}, ${Math.round(end.wallMs)} ms after its start\n`);
        continue;
      }
      if (end.code !== (guilty.size === 0 ? 0 : FAILED_EXIT_CODE)) {
        tally.bad.push(`run ${tally.runs} ended with code ${end.code}: ${end.stderr.slice(-500)}`);
      }
      break;
    }
    const all = expectedItems({ products, seed: siteSeed });
    const deaths = [...guilty].map(([place, { codes }]) => ({ sku: all[place]!.sku, codes }));
    const items = all.filter((_, place) => !guilty.has(place));
    judge(tally, await verify(output, database, { items, deaths }));
    const stats = (await (await fetch(`${url}/-/stats`)).json()) as { requests: number };
    tally.requests += stats.requests;
    tally.pages += pages;
    tally.runs += 1;
  } finally {
    site.kill('SIGTERM');
    await ended(site);
  }
}

async function oneProcess(url: string, database: string, output: string, kill: Kill | undefined, tally: Tally) {
  tally.processes += 1;
  const point = kill?.kind === 'failpoint' ? { CATENA_FAILPOINT: `${kill.point}:${kill.hit}` } : {};
  const child = start(runArguments(url, database, output), { ...SHORT_BUDGETS, ...point });
  const end = await ended(child, kill?.kind === 'moment' ? kill.afterMs : PATIENCE_MS);
  if (end.wallMs >= PATIENCE_MS) tally.bad.push(`a process of run ${tally.runs} did not end in ${PATIENCE_MS} ms`);
  return end;
}

function runArguments(url: string, database: string, output: string): string[] {
  return [
    ...['services/catena.ts', 'run', 'test/fixtures/modules/shop-with-faults.ts', '--input', `base=${url}`],
    ...['-o', output, '--db', database, '--rps', '0', '--concurrency', '32'],
  ];
}

/** While one process works on a file, a second one must be refused, and told so; then the first goes on. */
async function refuseSecond(): Promise<boolean> {
  const site = start(['examples/shop/site/main.ts', '--faults', '--products', '500']);
  const { url } = await firstLine<{ url: string }>(site);
  const args = runArguments(url, join(values.folder, 'shared.db'), join(values.folder, 'shared.jsonl'));
  const first = start([...args, '--json']);
  const firstEnd = ended(first);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const second = await ended(start(args), PATIENCE_MS);
  const wentOn = first.exitCode === null && first.signalCode === null;
  first.kill('SIGKILL');
  await firstEnd;
  site.kill('SIGTERM');
  await ended(site);
  return wentOn && second.code === LOCKED_EXIT_CODE && second.stderr.includes('in use by another process');
}

function countKill(kill: Kill, tally: Tally): void {
  tally.kills += 1;
  if (kill.kind === 'moment') tally.atMoment += 1;
  else tally.atFailpoint.set(kill.point, (tally.atFailpoint.get(kill.point) ?? 0) + 1);
}

function judge(tally: Tally, { items, lost, duplicate, wrongDeaths, drift, crashed }: Verdict): void {
  for (const [at, nodes] of crashed.entries()) tally.crashed[at] = (tally.crashed[at] ?? 0) + nodes;
  process.stdout.write(
    `run ${tally.runs}: ${items} items, lost ${lost}, duplicate ${duplicate}, wrong deaths ${wrongDeaths.length}, drift ${drift.length}\n`,
  );
  if (lost > 0) tally.bad.push(`run ${tally.runs} lost ${lost} items`);
  if (duplicate > 0) tally.bad.push(`run ${tally.runs} has ${duplicate} items too many`);
  tally.bad.push(...wrongDeaths.map((death) => `run ${tally.runs}: ${death}`));
  tally.bad.push(...drift.map((line) => `run ${tally.runs} drifted: ${line}`));
}

/** Beyond {@link SUSPECT_AFTER} a lease is lost alone. */
function leasesLost(count: number): string {
  const alone = count - SUSPECT_AFTER;
  return `lost ${count} leases${alone > 0 ? `, ${alone} alone` : ''}`;
}

function report(seed: number, kills: readonly Kill[], tally: Tally): void {
  const lines = [
    '',
    `seed ${seed}: ${tally.kills} kills in ${tally.runs} runs of ${tally.pages / tally.runs} pages, ${tally.processes} processes`,
    `  at a random moment  ${tally.atMoment}`,
    ...FAILPOINTS.map((point) => `  ${point.padEnd(26)}${tally.atFailpoint.get(point) ?? 0}`),
    `  requests per page   ${(tally.requests / tally.pages).toFixed(3)}`,
    ...tally.crashed.map((nodes, at) => `  ${leasesLost(at + 1).padEnd(26)}${nodes} nodes`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  // A fault that was never injected proves nothing.
  const wanted = new Set(kills.flatMap((kill) => (kill.kind === 'failpoint' ? [kill.point] : [])));
  for (const point of wanted) if (!tally.atFailpoint.has(point)) tally.bad.push(`no process died at ${point}`);
  for (const line of tally.bad) process.stdout.write(`FAILED: ${line}\n`);
  process.stdout.write(
    tally.bad.length === 0 ? 'lost 0, duplicate 0, wrong deaths 0, audit drift 0\n' : `${tally.bad.length} failures\n`,
  );
  process.exitCode = tally.bad.length === 0 ? 0 : 1;
}

await main();
