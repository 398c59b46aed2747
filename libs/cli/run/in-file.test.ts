/** `catena run` on a file, in this process: what it says while it fails, and how it ends. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSingleNode } from '../../../services/node/single.ts';
import { freePort } from '../../local-servers/free-port.ts';
import { type CliEnd, captured, runCli, startCli } from '../cli.fixture.ts';

const MODULES = join(import.meta.dirname, '../../../test/fixtures/modules');
const FAILING = join(MODULES, 'wrong-item.ts');
const CHAINS = join(MODULES, 'three-steps.ts');
const CRAWL = join(MODULES, 'parser-throws.ts');
const ENGINE = { loadEngine: async () => startSingleNode };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const args = (...more: string[]): string[] => ['run', ...more, '--db', join(folder, 'catena.db')];
const run = (...more: string[]): Promise<CliEnd> => runCli(args(...more), ENGINE);

describe('a run that fails', () => {
  it('reports the first failure of each kind before its end', async () => {
    const { code, stderr } = await run(FAILING);
    expect(code).toBe(3);
    expect(stderr).toMatch(/first failure of make {2}module\.wrong_item: .*\(attempt 1, given up\)[\s\S]*finished/);
  });

  it('says why it waits, at the first retry', async () => {
    const base = `http://127.0.0.1:${await freePort()}`;
    const call = startCli(args(CRAWL, '-i', `base=${base}`, '--set', 'robots.enabled=false'), ENGINE);
    await call.says(/first failure of page {2}download\.[\s\S]*tried again in/);
    call.interrupt();
    expect(await call.code).toBe(130);
  });

  it('reports it as an event with --json', async () => {
    const { stdout } = await run(FAILING, '--json');
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'first_failure', step: 'make', code: 'module.wrong_item', action: 'dead' }),
    );
  });
});

describe('a run whose reader leaves', () => {
  /** Takes so many writes, then fails as a pipe does. */
  const leaving = (writes: number): Writable => {
    let left = writes;
    return new Writable({
      write: (_chunk, _encoding, done) => {
        left -= 1;
        done(left >= 0 ? null : Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
  };

  it.each([
    ['the items', ['-o', '-'], 0],
    ['the events', ['--json'], 1],
  ])('of %s is stopped as by Ctrl-C, says so, and loses nothing', async (_what, options, writes) => {
    const chains = ['-i', 'chains=4000'];
    const err = captured();
    const io = { stdin: process.stdin, stdout: leaving(writes), stderr: err.stream };
    expect(await startCli(args(CHAINS, ...chains, ...options), { ...ENGINE, io }).code).toBe(130);
    expect(err.text()).toMatch(
      /keeps all finished work, also the items that nobody read\. To resume it:\n {2}catena run/,
    );
    const { code, stdout } = await run(CHAINS, ...chains, '-o', '-');
    expect([code, new Set(stdout.trimEnd().split('\n')).size]).toEqual([0, 4_000]);
  });
});

describe('an expectation', () => {
  it('that is not met ends a completed run with code 3, also when it is only reported', async () => {
    const expected = ['-i', 'chains=2', '--expect-items', '3', '--expect-items', 'result=2'];
    for (const _time of ['first', 'again']) {
      const { code, stderr } = await run(CHAINS, ...expected);
      expect([code, stderr]).toEqual([3, expect.stringContaining('expected at least 3 items, but there are 2')]);
    }
    expect((await run(CHAINS, '-i', 'chains=2', '--expect-items', '2')).code).toBe(0);
  });

  it('is an event with --json', async () => {
    const { code, stdout } = await run(CHAINS, '-i', 'chains=2', '--expect-items', '3', '--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({
      ...{ event: 'finished', exit_code: 3, unmet: ['expected at least 3 items, but there are 2'] },
    });
  });

  it('about something that the module does not have is refused before anything is started', async () => {
    expect(await run(CHAINS, '-i', 'chains=2', '--expect-items', 'resullt=1')).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('did you mean result?') },
    });
  });

  it('without any item stands out', async () => {
    const { code, stderr } = await run(CHAINS, '-i', 'chains=0');
    expect([code, stderr]).toEqual([0, expect.stringContaining('completed, without any item')]);
  });
});

describe('an output that exists', () => {
  const path = (): string => join(folder, 'o.jsonl');
  const text = (): string => readFileSync(path(), 'utf8');
  const rows = (): number => text().trimEnd().split('\n').length;
  const two = (...more: string[]): Promise<CliEnd> => run(CHAINS, '-i', 'chains=2', '-o', path(), ...more);
  const db = (): string[] => ['--db', join(folder, 'catena.db')];
  const items = (...more: string[]): Promise<CliEnd> => runCli(['items', 'last', '-o', path(), ...more, ...db()]);

  it('is refused with the choice before anything is started, and follows the choice', async () => {
    writeFileSync(path(), 'precious\n');
    expect(await two()).toMatchObject({ code: 2, stderr: expect.stringMatching(/--append[\s\S]*--overwrite/) });
    expect([text(), (await runCli(['runs', '-o', 'json', ...db()])).stdout]).toEqual(['precious\n', '[]\n']);
    for (const _time of ['first', 'again']) {
      expect((await two('--append')).code).toBe(0);
      expect([text().startsWith('precious\n{'), rows()]).toEqual([true, 3]);
    }
    expect(await items()).toMatchObject({ code: 2, stderr: expect.stringContaining('--overwrite') });
    expect([(await items('--append')).code, rows()]).toEqual([0, 5]);
    expect([(await items('--overwrite')).code, rows()]).toEqual([0, 2]);
    expect((await items()).code).toBe(0);
  });

  it('that an earlier run wrote is replaced with --fresh, unless somebody changed it', async () => {
    expect((await two()).code).toBe(0);
    const fresh = await two('--fresh');
    expect(fresh).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/had the items of run .*keeps: catena items/),
    });
    writeFileSync(path(), `${text()}precious\n`);
    expect(await two('--fresh')).toMatchObject({ code: 2 });
    expect(await two()).toMatchObject({ code: 2, stderr: expect.stringContaining('was changed since') });
    expect(text()).toMatch(/precious\n$/);
  });
});
