/** `catena task` on a file, in this process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSingleNode } from '../../../services/node/single.ts';
import { type CliEnd, runCli } from '../cli.fixture.ts';

/** Three nodes, of which the second fails. */
const FAILING = join(import.meta.dirname, '../../../test/fixtures/modules/wrong-item.ts');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-task-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const give = (...args: string[]): Promise<CliEnd> =>
  runCli([...args, '--db', join(folder, 'catena.db')], { loadEngine: async () => startSingleNode });
const run = (...more: string[]) => give('run', FAILING, '--task', 'prices', ...more);
const shown = async () => JSON.parse((await give('task', 'show', 'prices', '-o', 'json')).stdout) as object;

describe('a task in a file', () => {
  it('counts over its runs, is refused when its threshold has ended it, and allowed again by a lift', async () => {
    expect((await run()).code).toBe(3);
    expect(await shown()).toMatchObject({
      task: 'prices',
      account: 'default',
      errors: 1,
      terminated: null,
      open_runs: [],
    });
    const tripped = await run('--fresh', '--set', 'thresholds.task_errors=2');
    expect(tripped.code).toBe(4);
    expect(await shown()).toMatchObject({ errors: 2, terminated: { by: 'threshold', run_id: expect.any(String) } });
    expect((await give('task', 'show', 'prices')).stdout).toMatch(
      /terminated, new runs are refused: threshold: 2 errors[\s\S]*to go on +catena task lift prices --db /,
    );
    expect((await give('task', 'list', '--terminated')).stdout).toMatch(
      /prices +default +0 +2 errors in \d+ executions +terminated/,
    );
    expect(await run('--fresh')).toMatchObject({ code: 2, stderr: expect.stringContaining('catena task lift prices') });
    expect(await give('task', 'lift', 'prices')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is lifted'),
    });
    expect((await run('--fresh')).code).toBe(3);
    expect(await shown()).toMatchObject({ errors: 1, terminated: null });
    expect((await give('task', 'list', '--terminated')).stdout).toBe('no task is terminated\n');
    const [listed] = JSON.parse((await give('task', 'list', '-o', 'json')).stdout) as object[];
    expect(listed).toMatchObject({ task: 'prices', errors_of_ended_runs: 1, terminated: null });
  });

  it('is terminated by an operator, with a reason that must be given', async () => {
    await run();
    expect((await give('task', 'terminate', 'prices')).code).toBe(2);
    const empty = await give('task', 'terminate', 'prices', '--reason', '');
    expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('reason is empty') });
    expect((await give('task', 'terminate', 'prices', '--reason', 'a test')).code).toBe(0);
    expect(await give('task', 'terminate', 'prices', '--reason', 'more')).toMatchObject({
      stderr: expect.stringContaining('nothing changed'),
    });
    expect(await shown()).toMatchObject({ terminated: { by: 'the command line', reason: 'a test', run_id: null } });
  });

  it('is named in commands to copy as a shell needs it', async () => {
    const name = "Tom's prices";
    await give('run', FAILING, '--task', name, '--account', 'acme');
    const terminated = await give('task', 'terminate', name, '--account', 'acme', '--reason', 'a test');
    const lift = `catena task lift 'Tom'\\''s prices' --account acme`;
    expect(terminated.stderr).toContain(`\`${lift} --db `);
    expect((await give('run', FAILING, '--fresh', '--task', name, '--account', 'acme')).stderr).toContain(lift);
  });

  it('is unknown before its first run, and in another account', async () => {
    expect((await give('task', 'lift', 'prices')).code).toBe(2);
    await run();
    const other = await give('task', 'show', 'prices', '--account', 'acme');
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('acme has no task prices') });
  });
});
