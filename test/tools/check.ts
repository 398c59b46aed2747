/**
 * The one command that decides: everything that must hold before a change is merged, in order, all of it even when
 * something fails, with a summary at the end. Exit code 1 when anything failed.
 *
 *     npm run check [-- --report FILE]      FILE: vitest's JSON report, for whoever adds up the tests
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
const TYPES_KEPT = join(ROOT, 'node_modules/.cache/types.tsbuildinfo');

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder?: string;
}

interface Result {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

function stepsOf(report: string | undefined): readonly Step[] {
  const reporters =
    report === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return [
    { name: 'generated code is what proto/ gives', command: 'node', args: ['test/tools/generate.ts', '--check'] },
    { name: 'reference pages are what the code says', command: 'node', args: ['test/tools/reference.ts', '--check'] },
    {
      name: 'the protocol page is what its code says',
      command: 'node',
      args: ['test/tools/protocol-page.ts', '--check'],
    },
    { name: 'proto style', command: 'buf', args: ['lint'], folder: 'proto' },
    { name: 'proto format', command: 'buf', args: ['format', '--diff', '--exit-code'], folder: 'proto' },
    { name: 'format and lint', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
    // What did not change since the last time is not checked again.
    { name: 'types', command: 'tsc', args: ['--project', '.', '--incremental', '--tsBuildInfoFile', TYPES_KEPT] },
    { name: 'architecture and tests', command: 'vitest', args: ['run', '--project', 'unit', ...reporters] },
  ];
}

function run({ name, command, args, folder = '.' }: Step): Result {
  console.log(`\n── ${name}`);
  const startMs = performance.now();
  const { status, error } = spawnSync(join(BIN, command), args, { cwd: join(ROOT, folder), stdio: 'inherit' });
  if (error !== undefined) console.error(`${command} could not be started: run npm ci (${error.message})`);
  return { name, passed: status === 0, seconds: (performance.now() - startMs) / 1_000 };
}

const { values } = parseArgs({ options: { report: { type: 'string' } } });
const results = stepsOf(values.report).map(run);

console.log('\n── summary');
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${seconds.toFixed(1).padStart(6)} s  ${name}`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
