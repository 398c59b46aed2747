/** `catena run --server` against the real handlers of ingress. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endServing } from '../../../test/fixtures/grpc/serving.ts';
import { freePort } from '../../local-servers/free-port.ts';
import { captured, runCli, startCli } from '../cli.fixture.ts';
import { CHAINS, FAILING, runIdIn, startServer } from './server.fixture.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-remote-'));
});
afterEach(async () => {
  await endServing();
  rmSync(folder, { recursive: true, force: true });
});

const TWO = ['run', CHAINS, '--input', 'chains=2'];
const ROWS = ['{"chain":0,"value":1}', '{"chain":1,"value":3}'];
const rowsOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split(/\r?\n/).sort();

describe('a run at a server', () => {
  it('is submitted, watched and written; the same command again reports it and makes the file whole', async () => {
    const server = await startServer([CHAINS]);
    const path = join(folder, 'out.jsonl');
    const call = server.start(...TWO, '-o', path, '--set', 'log.level=warn');
    await call.says(/run [\da-f-]{36} of three-steps@1\.0\.0 at 127/);
    await server.open();
    await server.work();
    expect(await call.code).toBe(0);
    expect(call.stderr()).toMatch(/finished +completed[\s\S]*items +2 result[\s\S]*out\.jsonl \(2 rows\)/);
    expect(call.stdout()).toBe('');
    expect(rowsOf(path)).toEqual(ROWS);

    writeFileSync(path, 'something else\n');
    const refused = await server.run(...TWO, '-o', path);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/--append[\s\S]*--overwrite/) });
    expect(readFileSync(path, 'utf8')).toBe('something else\n');
    const appended = await server.run(...TWO, '-o', path, '--append');
    expect(appended.code).toBe(0);
    expect(rowsOf(path)).toEqual(['something else', ...ROWS].sort());
    expect((await server.run(...TWO, '-o', path, '--append')).code).toBe(0);
    expect(rowsOf(path)).toEqual(['something else', ...ROWS].sort());

    const again = await server.run(...TWO, '-o', path, '--overwrite');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('already done') });
    expect(runIdIn(again.stderr)).toBe(runIdIn(call.stderr()));
    expect(rowsOf(path)).toEqual(ROWS);
    expect(readdirSync(folder)).toEqual(['out.jsonl']);
    expect(await server.bench.store.listRuns({ limit: 9 })).toHaveLength(1);
  });

  it('goes on when its watcher leaves, and is found again', async () => {
    const server = await startServer([CHAINS]);
    const path = join(folder, 'out.csv');
    const first = server.start(...TWO, '-o', path, '--token', 'a-secret-of-some-length');
    await first.says(/run [\da-f-]{36}/);
    const runId = runIdIn(first.stderr());
    await server.open();
    first.interrupt();
    expect(await first.code).toBe(130);
    expect(first.stderr()).toContain(`catena cancel ${runId} --server`);
    expect(first.stderr()).not.toContain('a-secret');

    const second = server.start(...TWO, '-o', path);
    await second.says(/watching run/);
    expect(runIdIn(second.stderr())).toBe(runId);
    await server.work();
    expect(await second.code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('chain,value\r\n0,1\r\n1,3\r\n');
  });

  it('begins anew with --fresh, which cancels the unfinished one; then the new one is the same work', async () => {
    const server = await startServer([CHAINS]);
    const first = server.start(...TWO);
    await first.says(/run [\da-f-]{36}/);
    first.interrupt();
    await first.code;
    const fresh = server.start(...TWO, '--fresh', '--json');
    await vi.waitFor(async () => expect(await server.bench.store.listRuns({ limit: 9 })).toHaveLength(2), 10_000);
    await server.open();
    await server.work();
    expect(await fresh.code).toBe(0);
    const events = fresh
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toMatchObject({ event: 'started', resumed: false });
    expect(events.at(-1)).toMatchObject({ event: 'finished', items: 2, items_by_type: { result: 2 }, retries: null });
    expect((await server.bench.store.findRun(runIdIn(first.stderr())))?.end?.finishReason).toBe('cancelled');
    const again = await server.run(...TWO);
    expect(runIdIn(again.stderr)).toBe(events[0]!.run_id);
  });

  it('goes on when the reader of its items leaves, and says so', async () => {
    const server = await startServer([CHAINS]);
    const err = captured();
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const io = { stdin: process.stdin, stdout, stderr: err.stream };
    const call = startCli([...TWO, '-o', '-', '--server', `127.0.0.1:${server.server.port}`], { io });
    await vi.waitFor(() => expect(err.text()).toMatch(/run [\da-f-]{36}/), 10_000);
    await server.open();
    await server.work();
    expect(await call.code).toBe(130);
    expect(err.text()).toContain('continues at the server. To watch it again:');
    expect((await server.run(...TWO, '-o', '-')).stdout.trimEnd().split('\n').sort()).toEqual(ROWS);
  });

  it('writes to standard output as rows come', async () => {
    const server = await startServer([CHAINS]);
    const call = server.start(...TWO, '-o', '-');
    await call.says(/run [\da-f-]{36}/);
    await server.open();
    await server.work();
    expect(await call.code).toBe(0);
    expect(call.stdout().trimEnd().split('\n').sort()).toEqual(ROWS);
  });

  it('with fewer items than expected ends with code 3', async () => {
    const server = await startServer([CHAINS]);
    const call = server.start(...TWO, '--expect-items', 'result=3');
    await call.says(/run [\da-f-]{36}/);
    await server.open();
    await server.work();
    expect(await call.code).toBe(3);
    expect(call.stderr()).toContain('expected at least 3 items of type result, but there are 2');
  });

  it('with failed nodes names them, code 3', async () => {
    const server = await startServer([FAILING]);
    const call = server.start('run', FAILING);
    await call.says(/run [\da-f-]{36}/);
    await server.open();
    await server.work();
    expect(await call.code).toBe(3);
    expect(call.stderr()).toMatch(/1 × make {2}module\.wrong_item[\s\S]*catena show [\da-f-]{36} --server/);
  });
});

describe('a server that stops answering', () => {
  it('is waited for, and the watch goes on with the next one', async () => {
    const server = await startServer([CHAINS]);
    const path = join(folder, 'out.jsonl');
    const call = server.start(...TWO, '-o', path);
    await call.says(/run [\da-f-]{36}/);
    await server.open();
    await server.server.stop();
    await call.says(/retrying for 1m 00s/);
    await server.work();
    await server.listenAgain();
    expect(await call.code).toBe(0);
    expect(call.stderr()).toContain('the server answers again');
    expect(rowsOf(path)).toEqual(ROWS);
  });

  it('for too long is an error that says how to go on, code 5', async () => {
    const server = await startServer([CHAINS]);
    const path = join(folder, 'out.jsonl');
    writeFileSync(path, 'kept\n');
    const csv = ['-o', path, '--format', 'csv', '--overwrite'];
    const call = server.start(...TWO, ...csv, '--set', 'server.patience_ms=300');
    await call.says(/run [\da-f-]{36}/);
    await server.server.stop();
    expect(await call.code).toBe(5);
    expect(call.stderr()).toMatch(
      /continues at the server; to watch it again:\n {2}catena run[\s\S]*has not answered for 300 ms/,
    );
    // Nothing whole could be put in its place.
    expect(readFileSync(path, 'utf8')).toBe('kept\n');
    expect(readdirSync(folder)).toEqual(['out.jsonl']);
  });
});

describe('nothing is submitted', () => {
  it('when the server does not have the module', async () => {
    const server = await startServer([FAILING]);
    expect(await server.run(...TWO)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/has no module three-steps@1\.0\.0[\s\S]*modules\.files/),
    });
    expect(await server.bench.store.listRuns({ limit: 9 })).toEqual([]);
  });

  it.each([
    ['an input that the module refuses', ['--input', 'chains=-1'], /chains/],
    ['an option of runs in a file', ['--rps', '3'], /--rps cannot be used with a server/],
    ['an expectation that only the parsing process can judge', ['--max-empty', '0'], /--max-empty cannot be used/],
    ['a mistyped field', ['-i', 'chians=1'], /chians: is not a field of it; did you mean "chains"/],
    ['two places', ['--db', 'x.db'], /--server and --db cannot be used together/],
    ['an output in no folder', ['-o', '/no/such/folder/x.jsonl'], /its folder does not exist/],
  ])('for %s, code 2', async (_what, args, message) => {
    const server = await startServer([CHAINS]);
    const ended = await server.run('run', CHAINS, ...args);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(await server.bench.store.listRuns({ limit: 9 })).toEqual([]);
  });

  it('when the output has foreign content; an unfinished run goes on', async () => {
    const server = await startServer([CHAINS]);
    const path = join(folder, 'out.jsonl');
    writeFileSync(path, 'precious\n');
    expect(await server.run(...TWO, '-o', path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--append'),
    });
    expect(await server.bench.store.listRuns({ limit: 9 })).toEqual([]);
    const first = server.start(...TWO);
    await first.says(/run [\da-f-]{36}/);
    first.interrupt();
    await first.code;
    expect(await server.run(...TWO, '-o', path, '--fresh')).toMatchObject({ code: 2 });
    expect((await server.bench.store.listRuns({ limit: 9 })).map(({ state }) => state)).not.toContain('closed');
    expect(readFileSync(path, 'utf8')).toBe('precious\n');
  });

  it('when nobody listens, the address is none, or the token is not known', async () => {
    expect(await runCli([...TWO, '--server', 'nonsense'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('server.address'),
    });
    const port = await freePort();
    expect(await runCli([...TWO, '--server', `127.0.0.1:${port}`])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`no server answers at 127.0.0.1:${port}`),
    });
    const token = 'a-token-of-enough-length';
    const server = await startServer([CHAINS], { tokens: [{ role: 'reader', token }] });
    expect(await server.run(...TWO)).toMatchObject({ code: 2, stderr: expect.stringContaining('needs a valid token') });
    expect(await server.run(...TWO, '--token', token)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('submitter'),
    });
    expect((await server.run('runs', '--token', token)).code).toBe(0);
  });
});
