/** A process that is paused for longer than its leases, and goes on: it loses none, and executes each page once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../libs/clock/clock.ts';
import { readEnvironment } from '../../libs/config/environment.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { openSqliteCoordinator } from '../../libs/coordination/sqlite/index.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, itemsOfRun, submitRun } from '../fixtures/deployment/runs.ts';

const MODULE = 'test/fixtures/modules/ends-process.ts';
const PAGES = 6;
const LEASE_MS = 2_000;
const PAUSE_MS = 3 * LEASE_MS;

const SETTINGS = {
  CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
  CATENA_LIMITS_CONCURRENCY_PER_HOST: '0',
  CATENA_ROBOTS_ENABLED: 'false',
  CATENA_LEASE_MS: String(LEASE_MS),
  CATENA_SWEEP_INTERVAL_MS: '100',
};

/** A site that answers when it is told to; it counts what it is asked for. */
async function site() {
  const asked: string[] = [];
  const answered = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    asked.push(request.url!);
    void answered.promise.then(() => response.end('page'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const all = () => vi.waitFor(() => expect(asked.length).toBe(PAGES), { timeout: 60_000, interval: 20 });
  return { url, asked, all, answer: () => answered.resolve() };
}

/** Stops the process for longer than a lease, while it holds all pages. */
async function pause(child: Pick<ChildProcess, 'kill'>): Promise<void> {
  child.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  child.kill('SIGCONT');
}

const wanted = Array.from({ length: PAGES }, (_, n) => n);
const numbers = (rows: readonly string[]): number[] =>
  rows.map((row) => (JSON.parse(row) as { n: number }).n).sort((one, other) => one - other);

it('single-node', async () => {
  const { url, asked, all, answer } = await site();
  const folder = mkdtempSync(join(tmpdir(), 'catena-paused-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [db, output] = [join(folder, 'run.db'), join(folder, 'items.jsonl')];
  const input = ['--input', `base=${url}`, '--input', `pages=${PAGES}`, '--input', 'bad=-1'];
  const child = spawn(process.execPath, ['services/catena.ts', 'run', MODULE, ...input, '--db', db, '-o', output], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...readEnvironment(), ...SETTINGS },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = text(child.stderr);
  await all();
  await pause(child);
  answer();
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code, await said).toBe(0);
  expect(numbers(readFileSync(output, 'utf8').trim().split('\n'))).toEqual(wanted);
  expect(asked).toHaveLength(PAGES);
  const database = new SqliteDatabase({ path: db });
  onTestFinished(() => database.close());
  const coordinator = openSqliteCoordinator({ db: database, clock: systemClock, policy: defaultPolicy });
  const [{ run_id: runId }] = database.prepare('SELECT run_id FROM runs').all() as [{ run_id: string }];
  const nodes = await coordinator.listNodes({ runId, limit: 100 });
  expect(nodes.map(({ crashes, epoch }) => [crashes, epoch])).toEqual(nodes.map(() => [0, 0]));
}, 180_000);

it('services', async () => {
  const { url, asked, all, answer } = await site();
  const deployment = await startDeployment({ modules: [MODULE], services: ['all'], env: SETTINGS });
  onTestFinished(() => deployment.stop());
  const [service] = deployment.services;
  const runId = await submitRun(deployment, 'ends-process@1.0.0', { base: url, pages: PAGES, bad: -1 });
  await all();
  await pause(service!.child);
  answer();
  expect((await closedRun(deployment, runId)).end).toMatchObject({ dead: 0 });
  expect(numbers(await itemsOfRun(deployment, runId))).toEqual(wanted);
  expect(asked).toHaveLength(PAGES);
  const metrics = await (await fetch(`${service!.metricsUrl}/metrics`)).text();
  expect(metrics).toContain('\nptm_zombie_recover_total 0\n');
}, 240_000);
