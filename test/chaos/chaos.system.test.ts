import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { ChaosReport } from './report.ts';

/** Two processes of each stage. */
const SEED = 3;
const TIMEOUT_MS = 290_000;
const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));

it(
  'ten thousand nodes lose and double nothing while processes and servers are killed and stopped',
  async ({ signal }) => {
    // A program of its own: it moves into a network of its own.
    const child = spawn(process.execPath, [PROGRAM, '--seed', String(SEED), '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    signal.addEventListener('abort', () => child.kill('SIGTERM'));
    const [printed, progress] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    expect(printed, progress).not.toBe('');
    const report = JSON.parse(printed) as ChaosReport;
    expect(report.violations, `${progress}\n${printed}`).toEqual([]);
    expect(report.nodes).toBeGreaterThanOrEqual(10_000);
  },
  TIMEOUT_MS,
);
