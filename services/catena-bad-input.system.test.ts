/** What can be wrong with what the program is given: a clear message, an exit code, and nothing lost. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

describe('bad input', () => {
  const wrongItem = join(FIXTURES, 'wrong-item.ts');

  it.each([
    ['an unknown module', ['run', 'nothing.ts'], /there is no file .*nothing\.ts/],
    ['a module that throws on load', ['run', join(FIXTURES, 'throws-on-load.ts')], /units is missing at .*:2:/],
    ['a file that is no module', ['run', join(FIXTURES, 'not-a-module.ts')], /none is a module[\s\S]*try: write/],
    ['a wrong input', ['run', SHOP, '--input', 'base=nowhere'], /base: Invalid URL/],
    [
      'a mistyped optional field of the input',
      ['run', SHOP, '-i', 'base=http://127.0.0.1:1', '-i', 'pags=1'],
      /pags: is not a field of it; did you mean "pages"\?/,
    ],
    ['a field for a module without input', ['run', wrongItem, '-i', 'pages=1'], /pages: is not a field of it/],
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

  it('the same fault on every page is told when it happens first and in one sum, with the author’s line and a page, by the run, `show` and `explain`', async () => {
    const file = join(FIXTURES, 'same-fault.ts');
    const ended = await catena('run', file, '--input', `base=${site.url}`);
    const line = 'same-fault.ts:20:';
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('6 × list  parse.threw: ') });
    // When it happens first, and in the sum at the end.
    expect(ended.stderr.split('parse.threw')).toHaveLength(3);
    expect(ended.stderr).toMatch(/ {6}at .*same-fault\.ts:20:\d+, for example http:\/\/.*\/catalogue\/\d\n/);
    const [shown, json, explained] = [
      await catena('show', 'last'),
      await catena('show', 'last', '-o', 'json'),
      await catena('explain', 'last'),
    ];
    expect(shown.stdout).toMatch(/6 nodes failed:\n {2}6 × list {2}parse\.threw: /);
    expect(JSON.parse(json.stdout)).toMatchObject({
      failures: [
        { module: 'same-fault@1.0.0', step: 'list', code: 'parse.threw', count: 6, at: expect.stringContaining(line) },
      ],
    });
    expect(explained.stdout).toMatch(/\n6 nodes failed in this way: parse\.threw: .*same-fault\.ts:20/);
  });

  it('a mistyped field in a task file is refused as on the command line', async () => {
    writeFileSync(join(folder, 'task.yaml'), `base: ${site.url}\nPages: 2\n`);
    const ended = await catena('run', SHOP, '--input-file', 'task.yaml');
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('Pages: is not a field of it') });
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
      stderr: expect.stringMatching(/bad\.db is not a valid database[\s\S]*--db/),
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
    const limited = ['bash', '-c', `trap '' XFSZ; ulimit -f 1200; exec "$@"`, 'bash'];
    const full = await processes.start(args, {}, limited).ended;
    expect(full.code, full.stderr).toBe(5);
    expect(full.stderr).toMatch(/can be resumed[\s\S]*error: (?:no space left|reading or writing)/);
    const resumed = await catena(...args);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(new Set(rowsOf('o.jsonl')).size).toBe(1_500);
  });
});
