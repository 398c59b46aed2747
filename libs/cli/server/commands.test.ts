/** The other commands against a server: the real handlers of ingress behind a real connection. */
import { afterEach, describe, expect, it } from 'vitest';
import { endServing } from '../../../test/fixtures/grpc/serving.ts';
import { runCli } from '../cli.fixture.ts';
import { timesOf } from './find-run.ts';
import { CHAINS, FAILING, runIdIn, startServer, type TestServer } from './server.fixture.ts';

afterEach(endServing);

/** Submits, and lets the stages work for so many rounds. */
async function submitted(server: TestServer, file: string, rounds?: number): Promise<string> {
  const call = server.start('run', file);
  await call.says(/run [\da-f-]{36}/);
  await server.open();
  if (rounds !== 0) await server.work(rounds);
  call.interrupt();
  await call.code;
  return runIdIn(call.stderr());
}

describe('at a server', () => {
  it('a run is paused, explained, resumed and cancelled', async () => {
    const server = await startServer([CHAINS]);
    const runId = await submitted(server, CHAINS, 0);
    expect(await server.run('pause', 'last')).toMatchObject({ code: 0, stderr: expect.stringContaining('is paused') });
    expect((await server.run('pause', runId)).stderr).toContain('is already paused');
    expect((await server.run('explain', runId)).stdout).toMatch(/paused: nothing of it is begun/);
    expect((await server.run('resume', runId.slice(0, 20))).stderr).toContain('is resumed');
    const cancelled = await server.run('cancel', runId, '-o', 'json');
    expect(JSON.parse(cancelled.stdout)).toEqual({ run_id: runId, action: 'cancel', changed: true });
    await server.work();
    const explained = JSON.parse((await server.run('explain', runId, '-o', 'json')).stdout) as object;
    expect(explained).toMatchObject({ run_id: runId, sampled: false, reasons: [{ code: 'closed', module: null }] });
    expect(await server.run('cancel', runId)).toMatchObject({ code: 2, stderr: expect.stringContaining('is closed') });
  });

  it('all runs are shown side by side, as text and as JSON', async () => {
    const server = await startServer([CHAINS]);
    expect((await server.run('top')).stdout).toMatch(/ · 0 open runs · 0 waiting to be opened\n\nno run is open/);
    const runId = await submitted(server, CHAINS, 0);
    expect((await server.run('top')).stdout).toMatch(new RegExp(`\n${runId} +100 % +\\d+ +0 +\\d+ +0 +0 +normal `));
    const seen = JSON.parse((await server.run('top', '--json')).stdout) as object;
    expect(seen).toMatchObject({
      ...{ open_runs: 1, waiting_runs: 0, sampled: false, breakers: [], backends_away: [] },
      runs: [{ run_id: runId, share: 1, priority: 'normal', ready: 0 }],
      waits: { slot: expect.any(Number) },
    });
  });

  it('a named task is shown, terminated and lifted, and its runs are listed', async () => {
    const server = await startServer([CHAINS]);
    const begun = server.start('run', CHAINS, '--task', 'prices');
    await begun.says(/run [\da-f-]{36}/);
    const runId = runIdIn(begun.stderr());
    begun.interrupt();
    await begun.code;
    expect((await server.run('task', 'show', 'prices')).stdout).toMatch(/prices of default[\s\S]*runs may begin/);
    expect((await server.run('runs', '--task', 'prices')).stdout).toContain(runId);
    expect((await server.run('runs', '--task', 'other')).stdout).not.toContain(runId);
    expect((await server.run('show', runId)).stdout).toMatch(/task +prices of default/);
    const terminated = await server.run('task', 'terminate', 'prices', '--reason', 'a test');
    expect(terminated).toMatchObject({ code: 0, stderr: expect.stringContaining('catena task lift prices') });
    expect((await server.run('task', 'show', 'prices')).stdout).toMatch(
      /terminated, new runs are refused: a test \(by /,
    );
    const refused = await server.run('run', CHAINS, '--task', 'prices', '--fresh');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the task prices of default was terminated'),
    });
    const shown = JSON.parse((await server.run('task', 'show', 'prices', '-o', 'json')).stdout) as object;
    expect(shown).toMatchObject({ task: 'prices', account: 'default', terminated: { reason: 'a test', run_id: null } });
    expect((await server.run('task', 'list', '--terminated')).stdout).toMatch(/prices +default .*terminated/);
    const lifted = await server.run('task', 'lift', 'prices', '-o', 'json');
    expect(JSON.parse(lifted.stdout)).toEqual({ task: 'prices', account: 'default', action: 'lift', changed: true });
    expect((await server.run('task', 'lift', 'prices')).stderr).toContain('nothing changed');
    expect(await server.run('task', 'show', 'nosuch')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('default has no task nosuch'),
    });
  });

  it('failed nodes are listed by their steps, and replayed by their ids', async () => {
    const server = await startServer([FAILING]);
    const runId = await submitted(server, FAILING);
    const [letter] = JSON.parse((await server.run('letters', runId, '-o', 'json')).stdout) as { nodeId: string }[];
    expect(letter).toMatchObject({ step: 'make', code: 'module.wrong_item', reason: 'failed' });
    expect((await server.run('letters', 'last')).stdout).toContain(`node ${letter!.nodeId}`);
    expect((await server.run('show', runId)).stdout).toMatch(/completed[\s\S]*1 node failed:/);

    const some = await server.run('replay', runId, '--node', letter!.nodeId, '--node', 'nosuch');
    expect(some).toMatchObject({ code: 1, stdout: '' });
    expect(some.stderr).toMatch(/node nosuch: the run has no such dead node\n1 node of run .* is executed again/);
    expect((await server.run('show', runId)).stdout).toContain('unfinished');
    await server.work();
    const all = await server.run('replay', runId, '-o', 'json', '--reason', 'failed', '--rejoin');
    expect(JSON.parse(all.stdout)).toEqual({
      run_id: runId,
      nodes: [{ node_id: letter!.nodeId, outcome: 'replayed' }],
    });
    const none = await server.run('replay', runId, '--reason', 'cancelled');
    expect(none).toMatchObject({ code: 0, stderr: expect.stringContaining('no node of run') });
    expect(await server.run('replay', runId, '--reason', 'boredom')).toMatchObject({ code: 2 });
  });

  it('runs, items and modules are listed', async () => {
    const server = await startServer([CHAINS, FAILING]);
    const runId = await submitted(server, FAILING);
    const unfinished = await submitted(server, CHAINS, 1);
    const runs = JSON.parse((await server.run('runs', '-o', 'json')).stdout) as Record<string, unknown>[];
    expect(runs.map(({ run_id }) => run_id)).toEqual([unfinished, runId]);
    expect(runs[0]).toMatchObject({ state: 'open', open: 1, finish_reason: null });
    expect(runs[1]).toMatchObject({ state: 'closed', failed: 1, items: 2 });
    expect((await server.run('runs', '--limit', '1')).stdout.trimEnd().split('\n')).toHaveLength(2);
    expect((await server.run('items', runId)).stdout.trimEnd().split('\n')).toHaveLength(2);
    expect((await server.run('items', runId, '--format', 'csv')).stdout).toBe('n,price\r\n1,10\r\n3,30\r\n');
    expect(await server.run('items', runId, '--type', 'nosuch')).toMatchObject({ code: 2 });
    const modules = JSON.parse((await server.run('modules', '-o', 'json')).stdout) as { module: string }[];
    expect(modules.map(({ module }) => module)).toContain('three-steps@1.0.0');
    expect((await server.run('modules')).stdout).toMatch(/three-steps@1\.0\.0 +first, second, third +result/);
  });

  it('a run that is not there is said to be unknown, code 2', async () => {
    const server = await startServer([CHAINS]);
    for (const reference of ['last', 'abc', 'not hex', '01a201b5-c850-72fc-a513-179495545fd0', `${'0'.repeat(8)}-`]) {
      expect(await server.run('show', reference), reference).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('there is no run'),
      });
    }
    const one = await submitted(server, CHAINS, 0);
    await submitted(server, CHAINS, 0);
    expect(await server.run('show', one.slice(0, 3))).toMatchObject({ code: 0 });
  });

  it('what needs one says so without', async () => {
    expect(await runCli(['modules'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--server') });
    const paused = await runCli(['pause', 'last', '--db', 'no.db']);
    expect(paused).toMatchObject({ code: 2, stderr: expect.stringContaining('Ctrl-C') });
  });
});

describe('the beginning of a run id', () => {
  it('says between which times its run was accepted', () => {
    const minuteMs = 60_000;
    const exact = timesOf('018bcfe5-6800-7');
    expect(exact).toEqual({
      acceptedFromMs: 0x018bcfe56800 - 10 * minuteMs,
      acceptedBeforeMs: 0x018bcfe56800 + 10 * minuteMs,
    });
    expect(timesOf('0')).toEqual({ acceptedFromMs: 0, acceptedBeforeMs: 0x0fffffffffff + 10 * minuteMs });
    expect([timesOf(''), timesOf('xyz'), timesOf('018bcfe56800')]).toEqual([undefined, undefined, undefined]);
  });
});
