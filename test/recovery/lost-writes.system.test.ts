/** A Redis that has lost writes: it is noticed, every open run is audited, and each ends as if nothing had been. */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadConfig } from '../../libs/config/load-config.ts';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import { type Log, silentLog } from '../../libs/telemetry/log.ts';
import { recoverDeployment } from '../../services/node/recover.ts';
import { startDistributedFlow } from '../fixtures/distributed-node.ts';
import type { FlowNode, Settings } from '../fixtures/flow.ts';
import { tree, UNDISTURBED, undisturbed } from '../fixtures/modules/tree.ts';
import { type NatsServer, startNatsServer } from '../fixtures/servers/nats-server.ts';
import { type PostgresServer, startPostgres } from '../fixtures/servers/postgres-server.ts';
import { type RedisSentinel, startRedisSentinel } from '../fixtures/servers/redis-sentinel.ts';
import { unreplicatedMarker } from '../fixtures/unreplicated-marker.ts';

const PATIENT = { timeout: 60_000, interval: 100 };

let redis: RedisSentinel;
let nats: NatsServer;
let postgres: PostgresServer;

beforeAll(async () => {
  [redis, nats, postgres] = await Promise.all([
    startRedisSentinel(),
    startNatsServer(),
    startPostgres({ fsync: false }),
  ]);
}, 120_000);
afterAll(async () => {
  await Promise.all([redis?.stop(), nats?.stop(), postgres?.stop()]);
});

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: unknown;
}

/** A log that keeps its lines. */
function keepingLog(): Log & { readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const keep = (level: string) => (message: string, fields?: unknown) => void lines.push({ level, message, fields });
  const log: Log = {
    ...{ debug: () => undefined, info: keep('info'), warn: keep('warn'), error: keep('error'), child: () => log },
  };
  return { ...log, lines };
}

interface Place {
  readonly settings: Settings;
  readonly log: ReturnType<typeof keepingLog>;
  readonly node: FlowNode;
  /** The incarnation, as the store has it. */
  incarnation(): Promise<number>;
  /** A client of the primary, for what a test does to it. */
  primary(): Promise<Redis>;
}

async function openPlace(more: Settings = {}): Promise<Place> {
  const databaseUrl = await postgres.newDatabase();
  const flushing = await clientOf(redis);
  await flushing.flushall();
  const settings: Settings = {
    'cache.redis': redis.url,
    'cache.topology': 'sentinel',
    'nats.url': nats.url,
    'store.url': databaseUrl,
    lease_ms: 2_000,
    dispatch_grace_ms: 1_000,
    'retry.crash_budget': 50,
    ...more,
  };
  const log = keepingLog();
  const node = await startDistributedFlow([tree], settings, log);
  const store = await openPostgresStore({ url: databaseUrl, connections: 1, timeoutMs: 10_000 });
  onTestFinished(() => store.close());
  return { settings, log, node, incarnation: () => store.incarnation(), primary: () => clientOf(redis) };
}

async function clientOf(servers: RedisSentinel): Promise<Redis> {
  const client = new Redis((await servers.primary()).url);
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

async function submit({ node }: Place, input: object = {}): Promise<string> {
  const { runId } = await node.submit({ account: 'a', platform: 'p', modules: [tree.id], input, metadata: {} });
  return runId;
}

async function itemsOf({ store }: FlowNode, runId: string): Promise<unknown[]> {
  const items = await store.readItems({ runId, afterSeq: 0, limit: 100_000 });
  return items
    .map(({ data }) => data)
    .sort()
    .map((data) => JSON.parse(data) as unknown);
}

const said = ({ log }: Place, message: RegExp) => log.lines.filter((line) => message.test(line.message));

/** Resolves when some nodes are done. */
const underWay = ({ node }: Place, runId: string) =>
  vi.waitFor(async () => {
    const run = await node.coordinator.findRun(runId);
    const done = run?.modules[0]?.phases[0]?.done ?? 0;
    expect(done).toBeGreaterThan(100);
  }, PATIENT);

/** Resolves when two more markers have been raised, so that going back to what was before can be told. */
async function marked(place: Place): Promise<void> {
  const client = await place.primary();
  const marker = async () => Number(await client.zscore('chain:{s00}:marker', 'marker'));
  const before = await marker();
  await vi.waitFor(async () => expect(await marker()).toBeGreaterThan(before + 1), PATIENT);
}

/** Large and slow enough to be at work for several seconds on any machine. */
const LONG: Settings = { task_concurrency: 2 };
const MANY = { branches: 100 };
/** For so long, at least, what is written is lost. */
const LOST_MS = 2_500;

describe('a failover', () => {
  it('that loses the last seconds is noticed: the incarnation is raised, and the run loses and doubles nothing', async () => {
    const place = await openPlace(LONG);
    const runId = await submit(place, MANY);
    await underWay(place, runId);
    await marked(place);
    await redis.failover({
      whileCut: (replica) =>
        Promise.all([delay(LOST_MS), unreplicatedMarker(replica, place.settings['store.url'] as string)]),
    });
    await place.node.closed(runId);
    expect(await itemsOf(place.node, runId)).toEqual(undisturbed(MANY.branches));
    await vi.waitFor(() => expect(said(place, /^the audit of all open runs has ended/)).not.toEqual([]), PATIENT);
    expect(said(place, /lost writes/)).not.toEqual([]);
    expect(await place.incarnation()).toBeGreaterThan(1);
    expect(await place.node.coordinator.runAudit({ runId })).toMatchObject({ drift: [] });
  });

  it('that loses nothing raises nothing, but the open runs are audited', async () => {
    const place = await openPlace(LONG);
    const runId = await submit(place, MANY);
    await underWay(place, runId);
    await marked(place);
    await redis.failover();
    await vi.waitFor(() => expect(said(place, /^the audit of all open runs has ended/)).not.toEqual([]), PATIENT);
    expect(said(place, /another primary, or was restarted/)).not.toEqual([]);
    expect(await place.incarnation()).toBe(1);
    await place.node.closed(runId);
    expect(await itemsOf(place.node, runId)).toEqual(undisturbed(MANY.branches));
  });
});

/** The state of a Redis at one moment: each key as DUMP writes it. */
const SNAPSHOT = `local all = {}
  for _, key in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = key; all[#all + 1] = redis.call('DUMP', key) end
  return all`;

async function snapshotOf(client: Redis): Promise<readonly Buffer[]> {
  return (await client.callBuffer('EVAL', SNAPSHOT, '0')) as readonly Buffer[];
}

/** Takes the state back to a snapshot, in one transaction. */
async function goBack(client: Redis, snapshot: readonly Buffer[]): Promise<void> {
  const batch = client.multi().flushall();
  for (let at = 0; at < snapshot.length; at += 2) batch.restore(snapshot[at]!, 0, snapshot[at + 1]!);
  for (const [error] of (await batch.exec()) ?? []) if (error !== null) throw error;
}

const audited = (place: Place) =>
  vi.waitFor(() => {
    const [line] = said(place, /^the audit of all open runs has ended/);
    expect(line).toBeDefined();
    return line!.fields as Readonly<Record<string, number>>;
  }, PATIENT);

describe('a Redis that goes back to an earlier state', () => {
  it('redoes what it has lost: rows of lost commits are hidden, and stored once in the end', async () => {
    const place = await openPlace(LONG);
    const client = await place.primary();
    const runId = await submit(place, MANY);
    await underWay(place, runId);
    const snapshot = await snapshotOf(client);
    await marked(place);
    await vi.waitFor(async () => {
      const run = await place.node.coordinator.findRun(runId);
      expect(run?.modules[0]?.phases[0]?.done).toBeGreaterThan(300);
    }, PATIENT);
    await goBack(client, snapshot);
    expect((await audited(place)).withdrawn).toBeGreaterThan(0);
    await place.node.closed(runId);
    expect(await itemsOf(place.node, runId)).toEqual(undisturbed(MANY.branches));
  });

  it('does not go on with a run that has ended: the store is right', async () => {
    const place = await openPlace();
    const client = await place.primary();
    // Large enough not to end again before the second look.
    const runId = await submit(place, { branches: 200 });
    await underWay(place, runId);
    const snapshot = await snapshotOf(client);
    await marked(place);
    await place.node.closed(runId);
    const { end } = (await place.node.store.findRun(runId))!;
    await goBack(client, snapshot);
    expect((await audited(place)).ended).toBe(1);
    await vi.waitFor(
      async () => expect(await place.node.coordinator.findRun(runId)).toMatchObject({ state: 'closed' }),
      PATIENT,
    );
    expect((await place.node.store.findRun(runId))!.end).toEqual(end);
    expect(await itemsOf(place.node, runId)).toEqual(undisturbed(200));
  });
});

it('`catena recover` opens what a Redis has lost while no process was there, and says so', async () => {
  const place = await openPlace(LONG);
  const runId = await submit(place);
  await underWay(place, runId);
  await place.node.stop();
  await (await place.primary()).flushall();
  const loaded = loadConfig({ env: {}, overrides: place.settings });
  const before = await place.incarnation();
  const found = await recoverDeployment(loaded, { log: silentLog, signal: new AbortController().signal });
  expect(found).toMatchObject({ runs: 1, reopened: 1, ended: 0, unsettled: 0, incarnation: before + 1 });
  expect(found.withdrawn).toBeGreaterThan(0);
  const node = await startDistributedFlow([tree], place.settings);
  await node.closed(runId);
  expect(await itemsOf(node, runId)).toEqual(UNDISTURBED);
});

it('a Redis that has lost everything gets its runs again from the store', async () => {
  const place = await openPlace(LONG);
  const runId = await submit(place, MANY);
  await underWay(place, runId);
  await marked(place);
  await (await place.primary()).flushall();
  // Whether the audit opens it or housekeeping, which happens to look at the same moment, makes no difference.
  expect((await audited(place)).withdrawn).toBeGreaterThan(0);
  await place.node.closed(runId);
  expect(await itemsOf(place.node, runId)).toEqual(undisturbed(MANY.branches));
  expect(await place.incarnation()).toBeGreaterThan(1);
});
