/** The rendered pods and the services of the compose file, executed: see `main.ts` and `compose.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { readEnvironment } from '../../../libs/config/environment.ts';
import { programEnvironment } from '../../fixtures/program-environment.ts';

/** What it needs a network for is npm's, with the settings of whoever runs the tests. */
const { PATH = '', HOME = '' } = readEnvironment();

it.each([
  [
    'the pods of the chart run migrations first, get ready, survive a kill and a rollout, and end well',
    'main.ts',
    /300 rows; 7 pods ended well/,
  ],
  [
    'what the compose file starts gets healthy and does its work',
    'compose.ts',
    /300 rows; Prometheus reads 5 services/,
  ],
])('%s', { timeout: 480_000 }, async (_, program, end) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, program)], {
    env: programEnvironment({ PATH, HOME }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(said).toMatch(end);
  expect(code).toBe(0);
});
