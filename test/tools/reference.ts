/**
 * Writes the reference pages that are made from code, or with `--check` compares what is there with what would be written.
 * Exit codes: 0 done or equal, 1 different.
 *
 *     node test/tools/reference.ts [--check]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSourceTree } from '../architecture/source-tree.ts';
import { commandsPage } from './reference/commands.ts';
import { configurationPage } from './reference/configuration.ts';
import { errorsPage } from './reference/errors.ts';
import { eventsPage } from './reference/events.ts';
import { messagesPage, type ProtoImage } from './reference/messages.ts';
import { metricsPage } from './reference/metrics.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = 'docs/reference';

/** Every page by its file, as it should be. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['cli.md', commandsPage()],
    ['configuration.md', configurationPage()],
    ['errors.md', errorsPage(readSourceTree(ROOT))],
    ['events.md', eventsPage()],
    ['messages.md', messagesPage(readProto())],
    ['metrics.md', metricsPage()],
  ]);
}

/** Names of pages that are missing or are not what they should be. */
export function stalePages(pages: ReadonlyMap<string, string>, read: (name: string) => string | undefined): string[] {
  return [...pages].filter(([name, text]) => read(name) !== text).map(([name]) => name);
}

/** `proto/` with its comments, as buf reads it. */
function readProto(): ProtoImage {
  const { stdout, status, error } = spawnSync(
    join(ROOT, 'node_modules/.bin/buf'),
    ['build', '--output', '-#format=json'],
    { cwd: join(ROOT, 'proto'), stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1_024 * 1_024 },
  );
  if (error !== undefined) throw new Error('buf could not be started: run npm ci', { cause: error });
  if (status !== 0) throw new Error(`buf build ended with ${status}`);
  return JSON.parse(stdout.toString()) as ProtoImage;
}

function readPage(name: string): string | undefined {
  const path = join(ROOT, FOLDER, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

if (import.meta.main) {
  const pages = referencePages();
  if (process.argv.includes('--check')) {
    const stale = stalePages(pages, readPage);
    for (const name of stale) console.error(`${FOLDER}/${name} is not what the code says: run npm run generate`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    for (const [name, text] of pages) writeFileSync(join(ROOT, FOLDER, name), text);
  }
}
