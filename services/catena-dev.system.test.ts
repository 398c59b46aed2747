/** `catena dev`, whole: servers, services, a run through them, deaths and ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectedItems } from '../examples/shop/site/catalogue.ts';
import { type ShopSite, startShopSite } from '../examples/shop/site/site.ts';
import { readEnvironment } from '../libs/config/environment.ts';
import { freePort } from '../libs/local-servers/free-port.ts';
import { ProcessLedger, startOf } from '../libs/local-servers/process-ledger.ts';
import { ROOT, SHOP } from './catena-processes.fixture.ts';

const PRODUCTS = { products: 60, pageSize: 10, seed: 3 };
const WAIT = { timeout: 60_000, interval: 100 };

let folder = '';
let site: ShopSite;
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'catena-dev-'));
  // As root PostgreSQL runs as another user, who has to enter it.
  chmodSync(folder, 0o755);
  site = await startShopSite(PRODUCTS);
});
afterEach(async () => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  await new ProcessLedger(join(folder, '.catena/dev/processes.json')).endLeftovers();
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

function catena(...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(ROOT, 'services/catena.ts'), ...args], {
    cwd: folder,
    env: { PATH: readEnvironment().PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

interface Dev {
  readonly child: ChildProcess;
  readonly address: string;
  readonly log: () => string;
  readonly ended: Promise<number | null>;
  readonly says: (pattern: RegExp) => Promise<void>;
}

async function startDev(...args: string[]): Promise<Dev> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = catena('dev', SHOP, '--listen', address, ...args);
  running.push(child);
  let log = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const says = (pattern: RegExp): Promise<void> => vi.waitFor(() => expect(log).toMatch(pattern), WAIT);
  return { child, address, log: () => log, ended, says };
}

async function run(
  ...args: string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const child = catena(...args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
}

interface Kept {
  readonly name: string;
  readonly pid: number;
}

const processes = (): Kept[] => JSON.parse(readFileSync(join(folder, '.catena/dev/processes.json'), 'utf8')) as Kept[];

const shop = (address: string, ...more: string[]): string[] => {
  return ['run', SHOP, '--input', `base=${site.url}`, '--server', address, ...more];
};

describe('catena dev', () => {
  it('takes runs, starts again what dies, ends cleanly and keeps its data', async () => {
    const dev = await startDev('--set', 'limits.requests_per_second=0');
    await dev.says(/ready: five services accept tasks at .*, with shop@1\.0\.0[\s\S]*submit with: .* --server/);
    const before = processes();
    expect(before.map(({ name }) => name).sort()).toEqual(
      ['redis', 'nats', 'postgres', 'ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'].sort(),
    );
    const parser = before.find(({ name }) => name === 'parser')!;
    process.kill(parser.pid, 'SIGKILL');
    await dev.says(/parser +\| ended \(SIGKILL\): restarting it in 500 ms/);

    const first = await run(...shop(dev.address, '-o', 'o.jsonl'));
    expect(first.code, first.stderr).toBe(0);
    const rows = readFileSync(join(folder, 'o.jsonl'), 'utf8').trimEnd().split('\n').sort();
    expect(rows).toEqual(
      expectedItems(PRODUCTS)
        .map((item) => JSON.stringify(item))
        .sort(),
    );

    const pids = processes().map(({ pid }) => pid);
    dev.child.kill('SIGINT');
    expect(await dev.ended).toBe(0);
    expect(dev.log()).toMatch(/stopping: services first[\s\S]*stopped; the data stays/);
    expect(pids.filter((pid) => startOf(pid) !== undefined)).toEqual([]);

    const again = await startDev();
    await again.says(/submit with/);
    const runs = JSON.parse((await run('runs', '--server', again.address, '-o', 'json')).stdout) as object[];
    expect(runs).toMatchObject([{ finish_reason: 'completed', items: 60 }]);
    const items = (await run('items', 'last', '--server', again.address)).stdout.trimEnd().split('\n');
    expect(items).toHaveLength(60);
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  it('ends at once when it is asked twice', async () => {
    const dev = await startDev();
    await dev.says(/submit with/);
    const pids = processes().map(({ pid }) => pid);
    dev.child.kill('SIGINT');
    dev.child.kill('SIGTERM');
    expect(await dev.ended).toBe(130);
    await vi.waitFor(() => expect(pids.filter((pid) => startOf(pid) !== undefined)).toEqual([]), WAIT);
  });

  it('that was killed is cleaned up by the next one, and two of them do not share a folder', async () => {
    const dev = await startDev();
    await dev.says(/submit with/);
    const refused = await startDev();
    expect(await refused.ended).toBe(2);
    expect(refused.log()).toMatch(/another `catena dev` uses/);
    const pids = processes().map(({ pid }) => pid);
    dev.child.kill('SIGKILL');
    await dev.ended;
    expect(pids.filter((pid) => startOf(pid) !== undefined)).toHaveLength(8);

    const next = await startDev('--fresh');
    await next.says(/ended processes of an earlier start: .*redis/);
    await next.says(/submit with/);
    expect(pids.filter((pid) => startOf(pid) !== undefined)).toEqual([]);
    expect((await run('runs', '--server', next.address)).stdout).toContain('there are no runs yet');

    const postgres = processes().find(({ name }) => name === 'postgres')!;
    process.kill(postgres.pid, 'SIGKILL');
    expect(await next.ended).toBe(5);
    expect(next.log()).toMatch(/the server postgres ended unexpectedly/);
    expect(processes()).toEqual([]);
  });

  it('ends when a service refuses what it was given', async () => {
    const dev = await startDev('--set', 'grpc.tls_cert=/no/such.pem', '--set', 'grpc.tls_key=/no/such.key');
    expect(await dev.ended).toBe(2);
    expect(dev.log()).toMatch(/refused its configuration or a module/);
    expect(processes()).toEqual([]);
  });

  it('without its servers says what to install', async () => {
    const child = spawn(process.execPath, [join(ROOT, 'services/catena.ts'), 'dev'], {
      cwd: mkdtempSync(join(folder, 'other-')),
      env: { PATH: '/nowhere' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, 'close') as Promise<[number]>]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('apt-get install redis-server')]);
  });
});
