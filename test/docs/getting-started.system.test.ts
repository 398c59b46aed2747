/** docs/getting-started.md is true: its files, written as they stand there, do what it says. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../libs/local-servers/free-port.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/getting-started.md'), 'utf8');

interface Finished {
  readonly code: number;
  readonly output: string;
}

let folder: string;
let base: string;
let site: ChildProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'catena-getting-started-'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "my-crawl", "private": true, "type": "module" }');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/catena'));
  symlinkSync(join(ROOT, 'node_modules/zod'), join(folder, 'node_modules/zod'));
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  writeFileSync(join(folder, 'site.mjs'), fileOfPage('site.mjs').replaceAll('4000', String(port)));
  writeFileSync(join(folder, 'shop.ts'), fileOfPage('shop.ts'));
  writeFileSync(join(folder, 'shop.test.ts'), fileOfPage('shop.test.ts'));
  site = spawn(process.execPath, ['site.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  expect(String((await once(site.stdout!, 'data'))[0])).toContain(base);
});

afterAll(() => {
  site.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

it('its module is sound, and a wrong hop is none', async () => {
  expect(await catena('check', 'shop.ts')).toMatchObject({ code: 0 });
  writeFileSync(join(folder, 'wrong.ts'), fileOfPage('shop.ts').replace('go.detail({ sku:', 'go.detail({ sku2:'));
  expect(await catena('check', 'wrong.ts')).toMatchObject({ code: 1, output: expect.stringContaining("'sku2'") });
});

it('its run is whole after it was killed', async () => {
  const args = ['run', 'shop.ts', '--input', `base=${base}`, '-o', 'products.jsonl', '--rps', '100'];
  const killed = spawn(process.execPath, [join(ROOT, 'services/catena.ts'), ...args, '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(killed.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 800));
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect((await catena('runs')).output).toContain('unfinished');
  expect(await catena(...args)).toMatchObject({ code: 0, output: expect.stringContaining('resuming run') });
  const rows = readFileSync(join(folder, 'products.jsonl'), 'utf8').trim().split('\n');
  expect(rows).toHaveLength(200);
  expect(new Set(rows)).toHaveProperty('size', 200);
});

it('its pages and its tests are read offline', async () => {
  const recording = [
    'run',
    'shop.ts',
    '--input',
    `base=${base}`,
    '--input',
    'pages=1',
    '--record',
    'pages',
    '--rps',
    '0',
  ];
  expect(await catena(...recording)).toMatchObject({ code: 0 });
  expect(await catena('test', 'shop.ts')).toMatchObject({ code: 0, output: expect.stringContaining('21 pages') });
  expect(await run('--test', 'shop.test.ts')).toMatchObject({ code: 0, output: expect.stringContaining('pass 2') });
});

/** A file that the page shows: the block whose first line names it. */
function fileOfPage(name: string): string {
  const [, text] =
    new RegExp(`^\`\`\`\\w+[^\\n]*\\n// ${name.replaceAll('.', '\\.')}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/getting-started.md shows no ${name}`);
  return text;
}

function catena(...args: string[]): Promise<Finished> {
  return run(join(ROOT, 'services/catena.ts'), ...args);
}

function run(...args: string[]): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: stdout + stderr });
    });
  });
}
