/**
 * Generates `libs/contracts/gen` from `proto/`, or with `--check` compares what is there with what would be generated.
 * Exit codes: 0 done or equal, 1 different or the generator failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const GENERATED = 'libs/contracts/gen';

/** Runs buf in `proto/`; with a folder, `proto/` is taken to lie in it, so that output goes there. */
function generate(baseFolder?: string): void {
  const output = baseFolder === undefined ? [] : ['--output', join(baseFolder, 'proto')];
  const run = spawnSync(join(ROOT, 'node_modules/.bin/buf'), ['generate', ...output], {
    cwd: join(ROOT, 'proto'),
    stdio: 'inherit',
  });
  if (run.error !== undefined) throw new Error('buf could not be started: run npm ci', { cause: run.error });
  if (run.status !== 0) throw new Error(`buf generate ended with ${run.status ?? run.signal}`);
}

/** The files of a folder, by their path within it. */
function readTree(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), readFileSync(path, 'utf8'));
  }
  return files;
}

/** One line per file that is missing, left over or different. */
export function compareTrees(committed: ReadonlyMap<string, string>, fresh: ReadonlyMap<string, string>): string[] {
  const differences: string[] = [];
  for (const [path, text] of fresh) {
    if (!committed.has(path)) differences.push(`${path} is missing`);
    else if (committed.get(path) !== text) differences.push(`${path} is not what proto/ gives`);
  }
  for (const path of committed.keys()) if (!fresh.has(path)) differences.push(`${path} comes from no proto file`);
  if (fresh.size === 0) differences.push('nothing was generated');
  return differences.sort();
}

function check(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'catena-generate-'));
  try {
    generate(folder);
    return compareTrees(readTree(join(ROOT, GENERATED)), readTree(join(folder, GENERATED)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const differences = check();
    for (const difference of differences) console.error(`${GENERATED}/${difference}: run npm run generate`);
    process.exitCode = differences.length === 0 ? 0 : 1;
  } else {
    generate();
  }
}
