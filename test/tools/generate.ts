/**
 * Generates `libs/contracts/gen` from `proto/`, or with `--check` compares what is there with what would be generated.
 * Exit codes: 0 done or equal, 1 different or the generator failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const GENERATED = 'libs/contracts/gen';

/** What reflection serves: every file of `proto/` as a serialized FileDescriptorSet. */
const DESCRIPTORS = 'descriptor-set.ts';

/** Runs buf in `proto/`; with a folder, `proto/` is taken to lie in it, so that output goes there. */
function generate(baseFolder = ROOT): void {
  buf(['generate', '--output', join(baseFolder, 'proto')]);
  const set = buf(['build', '--as-file-descriptor-set', '--exclude-source-info', '--output', '-']);
  writeFileSync(join(baseFolder, GENERATED, DESCRIPTORS), descriptorModule(set));
}

/** What the command printed; its complaints go to the terminal. */
function buf(args: readonly string[]): Buffer {
  const run = spawnSync(join(ROOT, 'node_modules/.bin/buf'), args, {
    cwd: join(ROOT, 'proto'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.error !== undefined) throw new Error('buf could not be started: run npm ci', { cause: run.error });
  if (run.status !== 0) throw new Error(`buf ${args[0]} ended with ${run.status ?? run.signal}`);
  return run.stdout;
}

/** The bytes as source text, since only TypeScript is generated, compared and packed. */
export function descriptorModule(descriptorSet: Uint8Array): string {
  const base64 = Buffer.from(descriptorSet).toString('base64');
  return `// Generated from proto/: do not edit.\n/** A google.protobuf.FileDescriptorSet in base64. */\nexport const DESCRIPTOR_SET =\n  '${base64}';\n`;
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
