/** What can be done about a run in a file afterwards, with the stages of single-node mode in this process. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSingleNode } from '../../../services/node/single.ts';
import { type CliCall, type CliEnd, runCli, startCli } from '../cli.fixture.ts';

const MODULES = join(import.meta.dirname, '../../../test/fixtures/modules');
const FAILING = join(MODULES, 'wrong-item.ts');
const CHAINS = ['run', join(MODULES, 'three-steps.ts'), '--input', 'chains=5000'];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-mending-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = (...args: string[]): CliCall =>
  startCli([...args, '--db', join(folder, 'runs.db')], { loadEngine: async () => startSingleNode });
const catena = (...args: string[]): Promise<CliEnd> =>
  runCli([...args, '--db', join(folder, 'runs.db')], { loadEngine: async () => startSingleNode });

interface Shown {
  readonly run_id: string;
  readonly state: string;
  readonly finish_reason: string | null;
  readonly open: number;
  readonly timeline: readonly { readonly type: string }[];
}

const shown = async (): Promise<Shown> => JSON.parse((await catena('show', 'last', '-o', 'json')).stdout) as Shown;

describe('a run in a file', () => {
  it('whose failed nodes are replayed is executed to its end by its own command', async () => {
    const output = join(folder, 'o.jsonl');
    expect((await catena('run', FAILING, '-o', output)).code).toBe(3);
    const [letter] = JSON.parse((await catena('letters', 'last', '-o', 'json')).stdout) as { nodeId: string }[];
    expect((await catena('letters', 'last')).stdout).toContain(`node ${letter!.nodeId}`);

    const unknown = await catena('replay', 'last', '--node', 'nosuch');
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('no such dead node') });
    expect((await shown()).state).toBe('closed');
    const replayed = await catena('replay', 'last', '-o', 'json');
    expect(JSON.parse(replayed.stdout)).toMatchObject({ nodes: [{ node_id: letter!.nodeId, outcome: 'replayed' }] });
    expect(await shown()).toMatchObject({ state: 'open', finish_reason: null, open: 1 });
    expect((await catena('explain', 'last')).stdout).toMatch(/1 hop waits[\s\S]*only while its `catena run`/);

    const again = await catena('run', FAILING, '-o', output);
    expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('resuming run') });
    expect(readFileSync(output, 'utf8').trimEnd().split('\n')).toHaveLength(2);
    expect(await shown()).toMatchObject({ state: 'closed', finish_reason: 'completed', open: 0 });
  });

  it('that was interrupted is cancelled for good', async () => {
    const run = start(...CHAINS);
    await run.says(/run [\da-f-]{36}/);
    // While it runs the file is its own.
    for (const command of ['cancel', 'replay']) {
      expect(await catena(command, 'last'), command).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('runs.db'),
      });
    }
    run.interrupt();
    expect(await run.code).toBe(130);
    const { run_id: runId } = await shown();
    expect(await catena('cancel', runId)).toMatchObject({ code: 0, stderr: expect.stringContaining('is cancelled') });
    expect(await shown()).toMatchObject({ state: 'closed', finish_reason: 'cancelled', open: 0 });
    expect((await catena('explain', runId)).stdout).toMatch(/^The run ended as cancelled .*\n$/);
    expect(await catena('cancel', runId)).toMatchObject({ code: 2, stderr: expect.stringContaining('is closed') });
    expect((await catena(...CHAINS)).code).toBe(4);
  });

  it('cannot be paused: that is said', async () => {
    expect(await catena('pause', 'last')).toMatchObject({ code: 2, stderr: expect.stringContaining('Ctrl-C') });
    expect(await catena('resume', 'last')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('resume it by giving'),
    });
  });
});
