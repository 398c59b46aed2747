/**
 * `proto/` against its last release: nothing that somebody may rely on is removed, renumbered or changed in its type. The
 * release is kept as an image, written anew when there is another one:
 *
 *     cd proto && buf build --path catena --exclude-source-info --output ../test/contracts/released.binpb
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const BUF = join(ROOT, 'node_modules/.bin/buf');
const RELEASED = join(import.meta.dirname, 'released.binpb');

/** What breaks in a folder of protos; empty when nothing does. */
function breaks(folder: string): string {
  const { status, stdout, stderr, error } = spawnSync(BUF, ['breaking', '--against', RELEASED], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (error !== undefined) throw new Error('buf could not be started: run npm ci', { cause: error });
  if (status === 0) return '';
  if (stderr !== '') throw new Error(stderr);
  return stdout;
}

/** A copy of `proto/` with a text replaced. */
function changed(file: string, from: string, to: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'catena-proto-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, 'proto'), folder, { recursive: true });
  const path = join(folder, 'catena/v1', file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
  return folder;
}

it('keeps what was released', () => {
  expect(breaks(join(ROOT, 'proto'))).toBe('');
});

it.each([
  ['task.proto', '  string run_id = 2;\n', '', 'previously present field "2"'],
  ['module_processor.proto', 'int64 id = 1;', 'int64 id = 9;', 'previously present field "1"'],
  ['module_processor.proto', 'int32 epoch = 5;', 'string epoch = 5;', 'changed type'],
  ['error_threshold.proto', 'rpc Decide(', 'rpc Judge(', 'previously present RPC "Decide"'],
  ['task.proto', 'ERROR_CLASS_FATAL = 2;', 'ERROR_CLASS_FATAL = 7;', 'previously present enum value "2"'],
])('notices a break in %s (%j)', (file, from, to, complaint) => {
  expect(breaks(changed(file, from, to)).toLowerCase()).toContain(complaint.toLowerCase());
});

it('lets a field be added', () => {
  const from = '  string run_id = 2;\n';
  expect(breaks(changed('task.proto', from, `${from}  // New.\n  string extra = 99;\n`))).toBe('');
});
