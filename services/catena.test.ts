/** The real program, as a child process, on the demo shop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectedItems } from '../examples/shop/site/catalogue.ts';
import { type ShopSite, startShopSite } from '../examples/shop/site/site.ts';

const ROOT = join(import.meta.dirname, '..');
const SHOP = join(ROOT, 'examples/shop/shop.ts');
const FIXTURES = join(ROOT, 'test/fixtures/modules');
const PRODUCTS = { products: 60, pageSize: 10, seed: 3 };

let site: ShopSite;
let folder = '';
const children = new Set<ChildProcess>();

beforeAll(async () => {
  site = await startShopSite(PRODUCTS);
});
afterAll(() => site.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-cli-'));
});
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [join(ROOT, 'services/catena.ts'), ...args], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, ended: track(child) };
}

async function track(child: ChildProcess): Promise<Ended> {
  children.add(child);
  // A test may close an end itself: what had come by then is not asked for.
  const [stdout, stderr] = [child.stdout!, child.stderr!].map((stream) => text(stream).catch(() => ''));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  children.delete(child);
  return { code, signal, stdout: await stdout!, stderr: await stderr! };
}

const catena = (...args: string[]): Promise<Ended> => start(args).ended;

const shop = (...more: string[]): string[] => ['run', SHOP, '--input', `base=${site.url}`, ...more];

/** Resolves when the site has been asked so often since. */
async function asked(times: number): Promise<void> {
  const target = site.stats().requests + times;
  while (site.stats().requests < target) await new Promise((resolve) => setTimeout(resolve, 5));
}

const rowsOf = (file: string): string[] => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').sort();

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
    const args = shop('-o', 'p.jsonl', '--rps', '15');
    const first = start(args);
    await asked(20);
    const second = await catena(...args);
    expect(second).toMatchObject({ code: 5, stderr: expect.stringMatching(/in use by another process[\s\S]*--db/) });
    const reading = await catena('show', 'last');
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
    const dying = await start(shop('-o', 'p.jsonl', '--rps', '60'), { CATENA_FAILPOINT: 'export.before_offset:2' })
      .ended;
    expect(dying.signal).toBe('SIGKILL');
    expect(readFileSync(join(folder, 'p.jsonl'), 'utf8')).not.toBe('');
    expect((await catena(...shop('-o', 'p.jsonl', '--rps', '0'))).code).toBe(0);
    expect(rowsOf('p.jsonl')).toEqual(complete());
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('stops on %s, says how to go on, and goes on', async (signal) => {
    const { child, ended } = start(shop('-o', 'p.csv', '--rps', '40', '--fresh'));
    await asked(25);
    child.kill(signal);
    const stopped = await ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/To go on:\n {2}.*catena\.ts run .*shop\.ts --input base=\S+ -o p\.csv --rps 40\n/);
    expect((await catena(...shop('-o', 'p.csv', '--rps', '0'))).code).toBe(0);
    const [header, ...rows] = readFileSync(join(folder, 'p.csv'), 'utf8').trimEnd().split('\r\n');
    expect(header).toBe('sku,title,price,currency,category,rating,stock,description');
    expect(new Set(rows).size).toBe(60);
  });

  it('leaves other unfinished runs of the same file alone, and cancels one that a fresh run replaces', async () => {
    const { child, ended } = start(shop('--rps', '40'));
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
    const changed = readFileSync(SHOP, 'utf8').replace('stock: Number(', 'stock: 1 + Number(');
    writeFileSync(join(folder, 'changed.ts'), changed);
    const different = await catena('test', 'changed.ts', '--pages', 'pages');
    expect(different.code).toBe(1);
    expect(different.stdout).toMatch(/~ item product: stock \d+ → \d+/);
  });
});

describe('bad input', () => {
  const wrongItem = join(FIXTURES, 'wrong-item.ts');

  it.each([
    ['an unknown module', ['run', 'nothing.ts'], /there is no file .*nothing\.ts/],
    ['a module that throws on load', ['run', join(FIXTURES, 'throws-on-load.ts')], /units is missing at .*:2:/],
    ['a file that is no module', ['run', join(FIXTURES, 'not-a-module.ts')], /none is a module[\s\S]*try: write/],
    ['a wrong input', ['run', SHOP, '--input', 'base=nowhere'], /base: Invalid URL/],
    ['an unwritable output', ['run', wrongItem, '-o', 'no/folder/x.jsonl'], /its folder does not exist/],
    [
      'a wrong configuration',
      ['run', wrongItem, '--rps', 'x', '--set', 'lease_ms=1'],
      /2 errors:[\s\S]*lease_ms[\s\S]*requests_per/,
    ],
    ['an unknown command', ['walk'], /unknown command 'walk'/],
    ['a database that is not there', ['runs'], /there is no database/],
  ])('%s: nothing is started, code 2', async (_what, args, message) => {
    const ended = await catena(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(join(folder, '.catena/catena.db'))).toBe(false);
  });

  it.each([
    ['an invalid URL', 'invalid-url', 1, 'module.wrong_request', 'page'],
    ['a parser that throws', 'parser-throws', 2, 'parse.threw', 'page'],
    ['a parser without end', 'endless-parser', 2, 'parse.too_many_yields', 'page'],
    ['a wrong item', 'wrong-item', 2, 'module.wrong_item', 'make'],
    ['a wrong hop', 'wrong-hop', 2, 'module.wrong_state', 'first'],
  ])('%s: the rest is kept, `show` names the node, code 3', async (_what, name, items, code, step) => {
    const file = join(FIXTURES, `${name}.ts`);
    const input = /base:/.test(readFileSync(file, 'utf8')) ? ['--input', `base=${site.url}`] : [];
    const ended = await catena('run', file, ...input, '-o', 'o.jsonl', '--set', 'max_yields_per_parse=1000');
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining(`1 × ${step}`) });
    expect(rowsOf('o.jsonl')).toHaveLength(items);
    const shown = JSON.parse((await catena('show', 'last', '-o', 'json')).stdout) as { failed_nodes: unknown[] };
    expect(shown.failed_nodes).toEqual([expect.objectContaining({ step, code, reason: 'failed' })]);
  });

  it.each([
    ['a page that is not HTML', ['--input', 'pages=1'], '/-/stats#', /parse\.unexpected_page/],
    ['a body beyond the cap', ['--set', 'http.max_body_bytes=1000'], '', /download\.too_large|body/],
  ])('%s: the reason is named, code 3', async (_what, more, path, message) => {
    const module = readFileSync(SHOP, 'utf8').replace(/`\/catalogue\/.*?`/, `'${path || '/catalogue/1'}'`);
    writeFileSync(join(folder, 'own.ts'), module.replace('attempts: 6', 'attempts: 1'));
    const ended = await catena('run', 'own.ts', '--input', `base=${site.url}`, ...more);
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringMatching(message) });
  });

  it('a corrupt database: said so, code 5', async () => {
    writeFileSync(join(folder, 'bad.db'), 'this is no database, whatever its name says');
    const ended = await catena('run', wrongItem, '--db', 'bad.db');
    expect(ended).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/bad\.db is not a sound database[\s\S]*--db/),
    });
  });

  it('a full disk under the output: said so, code 5, and the run can be resumed', async () => {
    const full = await catena('run', wrongItem, '-o', '/dev/full', '--format', 'jsonl');
    expect(full).toMatchObject({ code: 5, stderr: expect.stringMatching(/can be resumed[\s\S]*no space left/) });
    expect((await catena('run', wrongItem, '-o', 'o.jsonl')).code).toBe(3);
    expect(rowsOf('o.jsonl')).toHaveLength(2);
  });

  it('a full disk under the database: said so, code 5, and the run is resumed to its end', async () => {
    const args = ['run', join(FIXTURES, 'three-steps.ts'), '--input', 'chains=1500', '-o', 'o.jsonl'];
    // No file may grow beyond this; the signal that goes with it is ignored, as a full disk has none.
    const limited = spawn(
      'bash',
      [
        '-c',
        `trap '' XFSZ; ulimit -f 300; exec "$@"`,
        'bash',
        process.execPath,
        join(ROOT, 'services/catena.ts'),
        ...args,
      ],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const full = await track(limited);
    expect(full.code, full.stderr).toBe(5);
    expect(full.stderr).toMatch(/can be resumed[\s\S]*error: (?:no space left|reading or writing)/);
    const resumed = await catena(...args);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(new Set(rowsOf('o.jsonl')).size).toBe(1_500);
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
      stdout: expect.stringContaining('shop@1.0.0 is sound: 2 steps in 1 phase'),
    });
  });

  it('config: values with their origin, secrets redacted', async () => {
    const { code, stdout } = await start(['config', '-o', 'json', '--set', 'lease_ms=5000'], {
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
    const reader = start(['items', 'last']);
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
