import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What the child prints: a module's id and what its first step parses, or the error. */
interface Loaded {
  readonly id?: string;
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
  readonly data?: { readonly at?: string; readonly exports?: readonly string[] };
}

/** In a process of its own: the test runner resolves imports in its own way. */
const LOADER = `
  import { loadModule } from ${JSON.stringify(join(import.meta.dirname, 'load-module.ts'))};
  const answer = await loadModule(process.argv[1]).then(
    ({ id }) => ({ id }),
    ({ code, message, remedy, data }) => ({ code, message, remedy, data }),
  );
  process.stdout.write(JSON.stringify(answer));
`;

const DEFINE = `defineModule({
  name: 'shop', version: '1.0.0', input: z.object({}), steps: { list: z.object({}) },
})`;
const IMPLEMENT = `.implement({
  start: ({ go }) => [go.list({})],
  steps: { list: { request: () => 'https://a.test', parse: () => [] } },
})`;
const IMPORTS = `import { defineModule } from 'catena';\nimport { z } from 'zod';\n`;
const MODULE = `${IMPORTS}export default ${DEFINE}${IMPLEMENT};\n`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catena-load-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

async function load(path: string): Promise<Loaded> {
  const args = ['--input-type=module', '--eval', LOADER, path];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Loaded;
}

describe('a module file', () => {
  it.each([
    ['plain.ts', MODULE],
    ['plain.mts', MODULE],
    ['plain.mjs', MODULE],
    ['typed.ts', `${MODULE}const n: number = 1;\nexport type { z };\nvoid n;\n`],
    ['named.ts', `${IMPORTS}export const other = 1;\nexport const shop = ${DEFINE}${IMPLEMENT};\n`],
    ['deep/folder with spaces/größe.ts', MODULE],
  ])('%s is loaded from any folder', async (name, text) => {
    expect(await load(await write(name, text))).toEqual({ id: 'shop@1.0.0' });
  });

  it('is an ES module even in a CommonJS package, and so are the files beside it', async () => {
    await write('commonjs/package.json', '{ "type": "commonjs" }');
    await write('commonjs/contract.ts', `${IMPORTS}export const contract = ${DEFINE};\n`);
    const path = await write(
      'commonjs/shop.ts',
      `import { contract } from './contract.ts';\nexport default contract${IMPLEMENT};\n`,
    );
    expect(await load(path)).toEqual({ id: 'shop@1.0.0' });
  });

  it('takes the zod of its own folder if there is one', async () => {
    await write('own/node_modules/zod/package.json', '{ "name": "zod", "type": "module", "main": "index.js" }');
    await write('own/node_modules/zod/index.js', 'export const z = { object: () => { throw new Error("own zod") } };');
    expect(await load(await write('own/shop.ts', MODULE))).toMatchObject({
      code: 'module.load_failed',
      message: expect.stringContaining('own zod'),
    });
  });

  it('is found relative to the working directory', async () => {
    await write('relative.ts', MODULE);
    expect(await load('relative.ts')).toEqual({ id: 'shop@1.0.0' });
  });
});

describe('a file that is no module', () => {
  it('does not exist, is a folder, or is something else', async () => {
    expect(await load('absent.ts')).toMatchObject({
      code: 'module.not_found',
      message: expect.stringContaining('absent.ts'),
    });
    expect(await load('.')).toMatchObject({
      code: 'module.not_found',
      message: expect.stringContaining('is a folder'),
    });
    expect(await load(await write('data.json', '{}'))).toMatchObject({ code: 'module.not_a_module' });
  });

  it.each<[string, string, Loaded]>([
    ['none.ts', 'const n = 1;\nvoid n;\n', { code: 'module.not_a_module', data: { exports: [] } }],
    ['other.ts', 'export const a = 1;\nexport default {};\n', { data: { exports: ['a', 'default'] } }],
    [
      'contract.ts',
      `${IMPORTS}export const shop = ${DEFINE};\n`,
      { code: 'module.not_a_module', remedy: '"shop" is a contract: call .implement({ … }) on it' },
    ],
    [
      'two.ts',
      `${IMPORTS}export const a = ${DEFINE}${IMPLEMENT};\nexport const b = ${DEFINE}${IMPLEMENT};\n`,
      { code: 'module.ambiguous', data: { exports: ['a', 'b'] } },
    ],
  ])('%s says what it exports', async (name, text, error) => {
    expect(await load(await write(name, text))).toMatchObject(error);
  });
});

describe('a file that cannot be loaded', () => {
  it.each<[string, string, string, string]>([
    ['throws.ts', '\nexport const n: number = 1;\nthrow new Error("broken " + n);\n', 'module.load_failed', 'broken 1'],
    ['rejects.ts', 'await Promise.reject("no");\n', 'module.load_failed', 'string no'],
    ['syntax.ts', '\nexport default = ;\n', 'module.load_failed', 'SyntaxError'],
    ['syntax.mjs', '\nexport default = ;\n', 'module.load_failed', 'SyntaxError'],
    ['missing.ts', "import 'no-such-package-here';\n", 'module.load_failed', 'no-such-package-here'],
    ['missing-file.ts', "import './absent.ts';\n", 'module.load_failed', 'absent.ts'],
    ['bad.ts', MODULE.replace("'1.0.0'", "'one'"), 'module.bad_contract', 'version "one"'],
    ['partial.ts', MODULE.replace('parse: () => []', ''), 'module.bad_implementation', 'write parse()'],
  ])('%s says why', async (name, text, code, message) => {
    const error = await load(await write(name, text));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(error.message).toContain(name);
  });

  it('names the line of the author', async () => {
    const thrown = await load(await write('line.ts', '\n\nthrow new Error("x");\n'));
    expect(thrown.data?.at).toMatch(/line\.ts:3:7$/);
    const bad = await load(await write('bad-line.ts', MODULE.replace("'1.0.0'", "'one'")));
    expect(bad.data?.at).toMatch(/bad-line\.ts:3:16$/);
    const syntax = await load(await write('syntax-line.ts', '\n\nexport default = ;\n'));
    expect(syntax.data?.at).toMatch(/syntax-line\.ts:3$/);
  });

  it.each([
    'export enum Size { Small }',
    'namespace a { export const b = 1; }',
    'export class A { constructor(private readonly n: number) {} }',
  ])('says that types are stripped: %s', async (text) => {
    expect(await load(await write('compiled.ts', `${text}\n`))).toMatchObject({
      code: 'module.load_failed',
      remedy: expect.stringContaining('types are stripped, not compiled'),
    });
  });
});
