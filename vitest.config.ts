import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Where the programs that tests start find what Node compiled of them before: half their start. It goes with the run. */
const NODE_COMPILE_CACHE = mkdtempSync(join(tmpdir(), 'catena-compiled-'));
process.once('exit', () => rmSync(NODE_COMPILE_CACHE, { recursive: true, force: true, maxRetries: 3 }));

/** What is polled for may take so long; see test/fixtures/patience.ts. */
const POLL_MS = 20_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['libs/**/*.test.ts', 'services/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.system.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          env: { NODE_COMPILE_CACHE },
          // The files of a worker share what they import: nothing is loaded three hundred times. What a file leaves
          // behind in the process fails it.
          isolate: false,
          setupFiles: ['test/fixtures/patience.ts', 'test/fixtures/process-as-found.ts'],
          expect: { poll: { timeout: POLL_MS } },
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'system',
          include: ['**/*.system.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          env: { NODE_COMPILE_CACHE },
          setupFiles: ['test/fixtures/patience.ts'],
          expect: { poll: { timeout: POLL_MS } },
          // After the others where both run: projects of one group have as many workers each.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
