/** Killed with -9 in the ask phase: what was answered and stored is not asked again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { provider } from './scene.ts';

interface Line {
  readonly stored?: number;
  readonly completed?: number;
  readonly total?: number;
}

function startDiagnosis(path: string, baseUrl: string): ChildProcess {
  const program = new URL('./diagnosis-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, path, baseUrl], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function lineWhere(child: ChildProcess, holds: (line: Line) => boolean): Promise<Line> {
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as Line;
    if (holds(line)) return line;
  }
  throw new Error('the process ended before it said what was waited for');
}

it('a run that was killed goes on without asking again what was answered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'catena-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'a.db');
  let isSilent = true;
  const { baseUrl, calls } = await provider(({ model }) => (isSilent && model === 'zhipu-test' ? 'hang' : 'whole'));

  const first = startDiagnosis(path, baseUrl);
  await lineWhere(first, ({ stored }) => stored === 3);
  const ended = once(first, 'exit');
  first.kill('SIGKILL');
  await ended;
  const askedBefore = calls.filter(({ model }) => model === 'zhipu-test').length;

  isSilent = false;
  const end = await lineWhere(startDiagnosis(path, baseUrl), ({ total }) => total !== undefined);
  expect(end).toEqual({ completed: 6, total: 6 });
  expect(calls.filter(({ model }) => model === 'qwen-test')).toHaveLength(3);
  expect(calls.filter(({ model }) => model === 'zhipu-test')).toHaveLength(askedBefore + 3);
});
