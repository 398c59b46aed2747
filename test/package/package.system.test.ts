/** The packed product, in a folder that knows nothing of the repository. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';
import { buildPackage } from './build.ts';
import { type InstalledApp, installPackage } from './installed-app.ts';

/** As a user writes it: types that are stripped, `catena` and `zod` by name. */
const USER_MODULE = `
import { defineModule } from 'catena';
import { z } from 'zod';

interface Greeting { readonly text: string }

const greet = (text: string): Greeting => ({ text: text.trim() });

export default defineModule({
  name: 'greetings',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { page: z.object({ n: z.number() }) },
  items: { greeting: z.object({ text: z.string() }) },
}).implement({
  *start({ go }) {
    for (const n of [1, 2, 3]) yield go.page({ n });
  },
  steps: {
    page: {
      request: ({ input, state }) => new URL(\`/\${state.n}\`, input.base),
      *parse({ text, put }) {
        yield put.greeting(greet(text));
      },
    },
  },
});
`;

/** An extension of a user, in a file of its own beside its module. */
const USER_EXTENSION = `
import { fileURLToPath } from 'node:url';
import { defineExtension, integer, runModule, withLocation } from 'catena/extension';

const MODULE = new URL('./greetings-module.ts', import.meta.url);

export default defineExtension({
  name: 'greeting',
  settings: { 'greeting.times': integer('How often.', 1) },
  modules: { files: [MODULE], settings: ['greeting.times'] },
  commands(program, context, done) {
    withLocation(program.command('greet')).action(async (options) => {
      const task = { input: [], output: '-', account: 'default', platform: 'default' };
      done(await runModule(context, fileURLToPath(MODULE), { ...options, ...task }));
    });
  },
  routes: ({ settings }) => [(app) => void app.get('/api/times', { config: { role: 'open' } }, () => settings)],
});
`;

const MODULE_OF_SETTINGS = `
import { computeStep, defineModule, withSettings } from 'catena';
import { z } from 'zod';

export default withSettings((settings: { readonly 'greeting.times': number }) =>
  defineModule({
    name: 'greetings',
    version: '1.0.0',
    input: z.object({}),
    steps: { greet: computeStep(z.object({ n: z.number() })) },
    items: { greeting: z.object({ text: z.string() }) },
  }).implement({
    *start({ go }) {
      for (let n = 1; n <= settings['greeting.times']; n += 1) yield go.greet({ n });
    },
    steps: {
      greet: {
        *run({ state, put }) {
          yield put.greeting({ text: \`hello \${state.n}\` });
        },
      },
    },
  }),
);
`;

/** The options that the README tells users to set, and no path to anything of ours. */
const USER_PROJECT = JSON.stringify({
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['*.ts'],
});

const PROGRAM = 'node_modules/catena/services/catena.mjs';

let app: InstalledApp;

beforeAll(async () => {
  await buildPackage();
  app = await installPackage();
}, 300_000);
afterAll(() => app?.remove());

describe('the package', () => {
  it('holds JavaScript with declarations, scripts and contracts, and no source or test', () => {
    const { files, manifest } = app;
    for (const wanted of [
      'package.json',
      'README.md',
      'services/catena.mjs',
      'services/catena.js',
      'libs/modules/index.js',
      'libs/modules/index.d.ts',
      'libs/extension/index.js',
      'libs/extension/index.d.ts',
      'proto/catena/v1/task.proto',
      'lua/claims/ptm_claim.lua',
    ]) {
      expect(files).toContain(wanted);
    }
    expect(files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
    expect(files.filter((path) => /\.test\.|fixture|^test\//.test(path))).toEqual([]);
    expect(Object.keys(manifest)).not.toContain('scripts');
    expect(Object.keys(manifest)).not.toContain('private');
  });

  it('imports nothing by the name of a TypeScript file', () => {
    const built = app.files.filter((path) => path.endsWith('.js'));
    expect(built.length).toBeGreaterThan(100);
    const wrong = built.filter((path) =>
      /(?:from|import\()\s*'\.[^']*\.ts'/.test(readFileSync(join(app.folder, 'node_modules/catena', path), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('runs a module of its user', async () => {
    const { origin } = await startServer(({ url }, response) => response.end(` hello from ${url} `));
    const file = app.write('greetings.ts', USER_MODULE);
    const ended = await app.node(PROGRAM, 'run', file, '--input', `base=${origin}`, '--rps', '0', '-o', 'out.jsonl');
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining('completed') });
    const rows = readFileSync(join(app.folder, 'out.jsonl'), 'utf8').trim().split('\n').sort();
    expect(rows.map((row) => JSON.parse(row) as unknown)).toEqual([1, 2, 3].map((n) => ({ text: `hello from /${n}` })));
  });

  it('loads an extension of its user, with its types, its command and its module', async () => {
    const extension = app.write('greeting.ts', USER_EXTENSION);
    const module = app.write('greetings-module.ts', MODULE_OF_SETTINGS);
    const settings = ['--set', `extensions.files=${extension}`, '--set', 'greeting.times=2'];
    const ended = await app.node(PROGRAM, 'greet', ...settings);
    expect(ended.stdout.trim().split('\n').sort(), ended.stderr).toEqual(['{"text":"hello 1"}', '{"text":"hello 2"}']);
    expect(await app.node(PROGRAM, 'check', module, '--debug')).toMatchObject({ code: 2 });
    app.write('tsconfig.json', USER_PROJECT);
    const compiler = 'node_modules/typescript/bin/tsc';
    expect(await app.node(compiler, '--project', '.')).toEqual({ code: 0, stdout: '', stderr: '' });
    app.write('greeting.ts', USER_EXTENSION.replace("['greeting.times'] }", "['greeting.words'] }"));
    expect((await app.node(compiler, '--project', '.')).stdout).toMatch(/greeting\.ts\(\d+,\d+\): error TS2322/);
    app.write('greeting.ts', USER_EXTENSION);
  });

  it('checks the module of a user by itself', async () => {
    const file = app.write('greetings.ts', USER_MODULE);
    expect(await app.node(PROGRAM, 'check', file)).toMatchObject({ code: 0, stderr: '' });
  });

  it('gives a user its types, which refuse what is wrong', async () => {
    app.write('tsconfig.json', USER_PROJECT);
    app.write('greetings.ts', USER_MODULE);
    const compiler = 'node_modules/typescript/bin/tsc';
    expect(await app.node(compiler, '--project', '.')).toEqual({ code: 0, stdout: '', stderr: '' });
    app.write('greetings.ts', USER_MODULE.replace('go.page({ n })', "go.page({ n: 'one' })"));
    const refused = await app.node(compiler, '--project', '.');
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toMatch(/greetings\.ts\(\d+,\d+\): error TS2322/);
  });
});

describe('the program under an older Node', () => {
  const OLDER = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.19.0'})`;

  it('goes on with the one that the package brings', async () => {
    const ended = await app.node('--import', OLDER, PROGRAM, '--version');
    expect(ended).toEqual({ code: 0, stdout: `${app.manifest.version}\n`, stderr: '' });
  });
});
