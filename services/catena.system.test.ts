/** The real program, as a child process, on the demo shop. */
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectedItems } from '../examples/shop/site/catalogue.ts';
import { type ShopSite, startShopSite } from '../examples/shop/site/site.ts';
import { CatenaProcesses, type Ended, FIXTURES, SHOP } from './catena-processes.fixture.ts';

const PRODUCTS = { products: 60, pageSize: 10, seed: 3 };

let site: ShopSite;
let processes: CatenaProcesses;
let folder = '';

beforeAll(async () => {
  site = await startShopSite(PRODUCTS);
});
afterAll(() => site.close());
beforeEach(() => {
  processes = new CatenaProcesses();
  folder = processes.folder;
});
afterEach(() => processes.dispose());

const catena = (...args: string[]): Promise<Ended> => processes.run(...args);
const rowsOf = (file: string): string[] => processes.rowsOf(file);

const shop = (...more: string[]): string[] => ['run', SHOP, '--input', `base=${site.url}`, ...more];

/** Resolves when the site has been asked so often since. */
async function asked(times: number): Promise<void> {
  const target = site.stats().requests + times;
  while (site.stats().requests < target) await new Promise((resolve) => setTimeout(resolve, 5));
}

const complete = (): string[] =>
  expectedItems(PRODUCTS)
    .map((item) => JSON.stringify(item))
    .sort();

describe('catena run', () => {
  it('collects, reports when asked again, writes the file again, and begins anew on request', async () => {
    const first = await catena(...shop('-o', 'p.jsonl', '--rps', '0'));
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toMatch(/finished +completed[\s\S]*60 product[\s\S]*p\.jsonl \(60 rows\)/);
    expect(rowsOf('p.jsonl')).toEqual(complete());

    rmSync(join(folder, 'p.jsonl'));
    const requests = site.stats().requests;
    const again = await catena(...shop('-o', 'p.jsonl', '--rps', '0'));
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('--fresh') });
    expect(rowsOf('p.jsonl')).toEqual(complete());
    expect(site.stats().requests).toBe(requests);

    const fresh = await catena(...shop('-o', '-', '--rps', '0', '--fresh', '--json'));
    expect(fresh.code).toBe(0);
    expect(fresh.stdout.trimEnd().split('\n').sort()).toEqual(complete());
    const events = fresh.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toMatchObject({ event: 'started', resumed: false });
    expect(events.at(-1)).toMatchObject({ event: 'finished', items: 60, failed: 0, exit_code: 0 });

    const runs = JSON.parse((await catena('runs', '-o', 'json')).stdout) as unknown[];
    expect(runs).toHaveLength(2);
  });

  it('resumes after kill -9, refuses a second process meanwhile, and ends with the same rows', async () => {
    const args = shop('-o', 'p.jsonl', '--rps', '6');
    const first = processes.start(args);
    await asked(10);
    const [second, reading] = await Promise.all([catena(...args), catena('show', 'last')]);
    expect(second).toMatchObject({ code: 5, stderr: expect.stringMatching(/in use by another process[\s\S]*--db/) });
    expect(reading).toMatchObject({ code: 0, stdout: expect.stringContaining('unfinished') });
    first.child.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');

    const resumed = await catena(...shop('-o', 'p.jsonl', '--rps', '0'));
    expect(resumed).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/resuming run \S+, \d+ of \d+ known nodes done/),
    });
    expect(rowsOf('p.jsonl')).toEqual(complete());
  });

  it('cuts a file back when it died between rows and their offset', async () => {
    const dying = await processes.start(shop('-o', 'p.jsonl', '--rps', '60'), {
      CATENA_FAILPOINT: 'export.before_offset:2',
    }).ended;
    expect(dying.signal).toBe('SIGKILL');
    expect(readFileSync(join(folder, 'p.jsonl'), 'utf8')).not.toBe('');
    expect((await catena(...shop('-o', 'p.jsonl', '--rps', '0'))).code).toBe(0);
    expect(rowsOf('p.jsonl')).toEqual(complete());
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('stops on %s, says how to go on, and goes on', async (signal) => {
    const { child, ended } = processes.start(shop('-o', 'p.csv', '--rps', '40', '--fresh'));
    await asked(25);
    child.kill(signal);
    const stopped = await ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(
      /To resume it:\n {2}.*catena\.ts run .*shop\.ts --input base=\S+ -o p\.csv --rps 40\n/,
    );
    expect((await catena(...shop('-o', 'p.csv', '--rps', '0'))).code).toBe(0);
    const [header, ...rows] = readFileSync(join(folder, 'p.csv'), 'utf8').trimEnd().split('\r\n');
    expect(header).toBe('sku,title,price,currency,category,rating,stock,description');
    expect(new Set(rows).size).toBe(60);
  });

  it('leaves other unfinished runs of the same file alone, and cancels one that a fresh run replaces', async () => {
    const { child, ended } = processes.start(shop('--rps', '40'));
    await asked(20);
    child.kill('SIGKILL');
    await ended;
    const other = await catena('run', join(FIXTURES, 'three-steps.ts'), '--input', 'chains=5');
    expect(other).toMatchObject({ code: 0 });
    const states = async () =>
      (JSON.parse((await catena('runs', '-o', 'json')).stdout) as { finish_reason: string }[]).map(
        (r) => r.finish_reason,
      );
    expect(await states()).toEqual(['completed', null]);
    const fresh = await catena(...shop('--rps', '0', '--fresh'));
    expect(fresh).toMatchObject({ code: 0, stderr: expect.stringContaining('cancelled the unfinished run') });
    expect(await states()).toEqual(['completed', 'completed', 'cancelled']);
  });

  it('records pages that `test` parses again', async () => {
    expect((await catena(...shop('--rps', '0', '--input', 'pages=1', '--record', 'pages'))).code).toBe(0);
    const same = await catena('test', SHOP, '--pages', 'pages');
    expect(same).toMatchObject({ code: 0, stdout: '11 pages of shop@1.0.0: all as recorded\n' });
    const changed = readFileSync(SHOP, 'utf8').replace('(text) => Number(', '(text) => 1 + Number(');
    writeFileSync(join(folder, 'changed.ts'), changed);
    const different = await catena('test', 'changed.ts', '--pages', 'pages');
    expect(different.code).toBe(1);
    expect(different.stdout).toMatch(/~ item product: stock \d+ → \d+/);
  });
});

describe('the other commands', () => {
  it('check: type errors by file and line, else what the module is', async () => {
    copyFileSync(join(FIXTURES, 'type-error.ts.txt'), join(folder, 'wrong.ts'));
    const wrong = await catena('check', 'wrong.ts');
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringMatching(/^wrong\.ts:11:21: .*number/) });
    const right = await catena('check', SHOP);
    expect(right).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('shop@1.0.0 is valid: 2 steps in 1 phase'),
    });
  });

  it('config: values with their origin, secrets redacted', async () => {
    const { code, stdout } = await processes.start(['config', '-o', 'json', '--set', 'lease_ms=5000'], {
      CATENA_CACHE_REDIS: 'redis://user:hunter2@127.0.0.1',
      CATENA_NATS_URL: 'nats://127.0.0.1',
      CATENA_STORE_URL: 'postgres://127.0.0.1/x',
    }).ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain('hunter2');
    const { mode, settings } = JSON.parse(stdout) as { mode: string; settings: { key: string }[] };
    expect(mode).toBe('distributed');
    expect(settings.find(({ key }) => key === 'lease_ms')).toMatchObject({ value: '5000', origin: 'command line' });
  });

  it('items: by type and into a file; a reader that leaves is no error', async () => {
    await catena('run', join(FIXTURES, 'three-steps.ts'), '--input', 'chains=3000');
    const [run] = JSON.parse((await catena('runs', '-o', 'json')).stdout) as { run_id: string }[];
    expect(await catena('items', run!.run_id.slice(0, 20), '-o', 'i.csv')).toMatchObject({ code: 0, stdout: '' });
    expect(rowsOf('i.csv')).toHaveLength(3_001);
    const reader = processes.start(['items', 'last']);
    reader.child.stdout!.once('data', () => reader.child.stdout!.destroy());
    const [code] = (await once(reader.child, 'exit')) as [number];
    expect(code).toBe(0);
  });

  it('--help names every command and exit code', async () => {
    const { code, stdout } = await catena('--help');
    expect(code).toBe(0);
    for (const name of ['run', 'runs', 'show', 'items', 'test', 'check', 'config'])
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(stdout).toMatch(/Exit codes:[\s\S]*130 +interrupted/);
  });
});
