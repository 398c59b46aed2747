/**
 * Many runs of a deployment: so many that are submitted at once, and so many that are open while all of its processes are killed and
 * started again. Says how many were accepted and how fast, in which order they began, how long each took, when all had gone on after the
 * restart, and the most memory of each process and server.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { ServiceName } from '../../fixtures/deployment/deployment.ts';
import { type Fleet, startFleet, submitTask } from '../distributed/fleet.ts';
import { memoryBytesOf } from '../distributed/processes.ts';
import { type CleanServers, startBenchServers } from '../distributed/servers.ts';
import { machine } from '../machine.ts';
import { runCommand, whole } from '../options.ts';
import { writeSection } from '../page.ts';
import { ROOT, withScratchFolder } from '../scratch.ts';
import { openStorage, type Storage } from '../sizing/storage.ts';
import { figure, mebibytes, table } from '../table.ts';

const USAGE = `usage: npm run bench:many -- [--runs N] [--open N] [--processes N] [--no-write]
  --runs N        runs that are submitted at once, default 20000; 0 leaves this part out
  --open N        runs that are open at the restart, default 2000; 0 leaves this part out
  --processes N   processes of all stages, default 2
  --no-write      prints the figures and leaves docs/guides/sizing.md as it is`;

const OPTIONS = {
  runs: { type: 'string', default: '20000' },
  open: { type: 'string', default: '2000' },
  processes: { type: 'string', default: '2' },
  'no-write': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const MODULE = 'shares@1.0.0';
const FILE = `${ROOT}/test/fixtures/modules/shares.ts`;
/** A run of four nodes, that takes slots and no processor. */
const SMALL = { hops: 3, ms: 5 };
/** A run that does not end while it is looked at. */
const ENDLESS = { hops: 1_000_000, ms: 200 };
const CALLS_AT_ONCE = 64;
const LOOK_MS = 250;
const MOST_WAIT_MS = 1_800_000;

/**
 * How long runs took, and how far their place among the beginnings is from that among the submissions. A run begins with the first event of
 * its timeline; ends have another order, since runs take turns.
 */
const ORDER = `
  WITH begun AS (
    SELECT run_no AS no, min((event::json ->> 'atMs')::bigint) AS began_at FROM events GROUP BY run_no
  ), placed AS (
    SELECT ended_at - accepted_at AS took,
      abs(row_number() OVER (ORDER BY accepted_at, no) - row_number() OVER (ORDER BY began_at, no)) AS moved
    FROM runs JOIN begun USING (no)
  )
  SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY took) AS median,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY took) AS p95, max(took) AS most,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY moved) AS moved95, max(moved) AS moved_most
  FROM placed`;

await runCommand(USAGE, OPTIONS, async (values) => {
  const [runs, open] = [whole('runs', values.runs, 0), whole('open', values.open, 0)];
  const processes = whole('processes', values.processes);
  const services = Array.from({ length: processes }, (): ServiceName => 'all');
  const text = await withScratchFolder(async (scratch) => {
    const servers = await startBenchServers(scratch);
    try {
      const parts: string[] = [];
      if (runs > 0) parts.push(await atOnce(runs, services, await servers.clean()));
      if (open > 0) parts.push(await restarted(open, services, await servers.clean()));
      return parts.join('\n\n');
    } finally {
      await servers.stop();
    }
  });
  const isOther = values.runs !== OPTIONS.runs.default || values.open !== OPTIONS.open.default;
  const note = isOther
    ? '\n\n**Other numbers than `npm run bench:many` has: they show the form, not the figures.**'
    : '';
  const section = `Measured on ${machine()}; ${processes} processes of all stages.${note}\n\n${text}`;
  console.log(section);
  if (!values['no-write']) writeSection('many', section);
  return true;
});

async function atOnce(runs: number, services: readonly ServiceName[], servers: CleanServers): Promise<string> {
  const fleet = await startFleet({ servers, services, module: FILE });
  const storage = await openStorage(servers);
  try {
    const fromMs = performance.now();
    const memory = watchMemory(fleet, servers);
    const refused = await submitMany(fleet, runs, SMALL);
    const acceptedSeconds = secondsSince(fromMs);
    await until(async () => (await count(storage, `state = 'closed'`)) === runs);
    const seconds = secondsSince(fromMs);
    const most = memory.stop();
    const [order] = await storage.query(ORDER);
    const rows = [
      ['accepted', figure(runs)],
      ['refused, and submitted again', figure(refused)],
      ['accepted per second', figure(runs / acceptedSeconds)],
      ['seconds until all were closed', figure(seconds, 1)],
      ['closed per second', figure(runs / seconds)],
      ['from acceptance to end, median, s', figure(Number(order!.median) / 1_000, 1)],
      ['from acceptance to end, 95 %, s', figure(Number(order!.p95) / 1_000, 1)],
      ['from acceptance to end, most, s', figure(Number(order!.most) / 1_000, 1)],
      ['places by which a run began before or after its turn, 95 %', figure(Number(order!.moved95))],
      ['places by which a run began before or after its turn, most', figure(Number(order!.moved_most))],
      ...most,
    ];
    return `${table([`${figure(runs)} runs at once`, ''], rows)}`;
  } finally {
    await storage.close();
    await fleet.stop();
  }
}

async function restarted(open: number, services: readonly ServiceName[], servers: CleanServers): Promise<string> {
  const first = await startFleet({ servers, services, module: FILE });
  const storage = await openStorage(servers);
  let second: Fleet | undefined;
  try {
    await submitMany(first, open, ENDLESS);
    await until(async () => (await count(storage, `state = 'open' AND last_seq > 0`)) === open);
    for (const service of first.services) service.signal('SIGKILL');
    await first.stop();
    await storage.query('CREATE TEMPORARY TABLE before AS SELECT no, last_seq FROM runs');
    const fromMs = performance.now();
    second = await startFleet({ servers, services, module: FILE });
    const memory = watchMemory(second, servers);
    const readySeconds = secondsSince(fromMs);
    const halfSeconds = await until(async () => (await goneOn(storage)) >= open / 2, fromMs);
    const seconds = await until(async () => (await goneOn(storage)) === open, fromMs);
    const rows = [
      ['seconds until the processes were ready', figure(readySeconds, 1)],
      ['seconds until half of the runs had gone on', figure(halfSeconds, 1)],
      ['seconds until all had gone on', figure(seconds, 1)],
      ...memory.stop(),
    ];
    return `${table([`${figure(open)} runs open at a restart`, ''], rows)}`;
  } finally {
    await storage.close();
    await second?.stop();
  }
}

/** Runs with items that they did not have before the restart. */
async function goneOn(storage: Storage): Promise<number> {
  const [row] = await storage.query(
    'SELECT count(*) AS n FROM runs JOIN before USING (no) WHERE runs.last_seq > before.last_seq',
  );
  return Number(row!.n);
}

async function count(storage: Storage, condition: string): Promise<number> {
  const [row] = await storage.query(`SELECT count(*) AS n FROM runs WHERE ${condition}`);
  return Number(row!.n);
}

/** Returns how often a submission was refused. */
async function submitMany({ ingress }: Fleet, runs: number, input: object): Promise<number> {
  let left = runs;
  let refused = 0;
  const submitNext = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      try {
        await submitTask(ingress, MODULE, input);
      } catch (error) {
        if (!/RESOURCE_EXHAUSTED|UNAVAILABLE/.test(String(error))) throw error;
        refused += 1;
        left += 1;
        await wait(LOOK_MS);
      }
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, submitNext));
  return refused;
}

/** The most memory of each process and server, looked at from time to time. */
function watchMemory({ services }: Fleet, { pids }: CleanServers) {
  const watched = [
    ...services.map(({ name, pid }, at) => [`process ${at + 1} (${name})`, pid] as const),
    ...Object.entries(pids),
  ];
  const most = new Map<string, number>();
  const look = (): void => {
    for (const [name, pid] of watched) most.set(name, Math.max(most.get(name) ?? 0, memoryBytesOf([pid])));
  };
  look();
  const timer = setInterval(look, 1_000);
  return {
    stop: (): string[][] => {
      clearInterval(timer);
      return [...most].map(([name, bytes]) => [`MiB of memory, most: ${name}`, mebibytes(bytes)]);
    },
  };
}

/** Resolves with the seconds since `fromMs` when it is so; throws when it takes too long. */
async function until(isSo: () => Promise<boolean>, fromMs = performance.now()): Promise<number> {
  for (const startMs = performance.now(); performance.now() - startMs < MOST_WAIT_MS; await wait(LOOK_MS)) {
    if (await isSo()) return secondsSince(fromMs);
  }
  throw new Error(`it took more than ${MOST_WAIT_MS / 60_000} minutes`);
}

function secondsSince(fromMs: number): number {
  return (performance.now() - fromMs) / 1_000;
}
