/** The rendered pods and the services of the compose file, executed: see `main.ts` and `compose.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { readEnvironment } from '../../../libs/config/environment.ts';
import { programEnvironment } from '../../fixtures/program-environment.ts';
import { withImage } from './rehearsal.ts';

/** What they need a network for is npm's, with the settings of whoever runs the tests. */
const { PATH = '', HOME = '' } = readEnvironment();

it('the pods of the chart run migrations first, get ready, survive a kill and a rollout, and end well; what the compose file starts gets healthy and does its work', {
  timeout: 900_000,
}, async () => {
  await withImage(async (app) => {
    expect(await rehearsed('main.ts', app)).toMatch(/300 rows; 7 pods ended well/);
    expect(await rehearsed('compose.ts', app)).toMatch(/300 rows; Prometheus reads 5 services/);
  });
});

/** What a rehearsal says; it must end well. */
async function rehearsed(program: string, app: string): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, program), '--app', app], {
    env: programEnvironment({ PATH, HOME }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(code, said).toBe(0);
  return said;
}
