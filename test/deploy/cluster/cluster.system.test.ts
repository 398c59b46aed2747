/** The rendered pods, executed: see `main.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { programEnvironment } from '../../fixtures/program-environment.ts';

it.each(['services', 'all'])(
  'pods of the layout %s run migrations first, get ready, survive a kill and a rollout, and end well',
  { timeout: 480_000 },
  async (layout) => {
    const program = join(import.meta.dirname, 'main.ts');
    const child = spawn(process.execPath, [program, '--layout', layout], {
      env: programEnvironment({ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(said).toMatch(/300 rows; \d+ pods ended well/);
    expect(code).toBe(0);
  },
);
