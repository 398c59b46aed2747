import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runCli, startCli } from '../cli.fixture.ts';
import { StdoutReader } from './stdout-reader.ts';

/** Fails as a pipe does whose reader has left, or a full disk. */
function failing(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
  });
}

const stderr = (): Writable & { text: () => string } => {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  return Object.assign(stream, { text: () => text });
};

describe('a command whose reader leaves', () => {
  it.each([['config'], ['config', '-o', 'json'], ['--help'], ['--version']])('ends quietly: %j', async (...args) => {
    const err = stderr();
    const io = { stdin: process.stdin, stdout: failing('EPIPE'), stderr: err };
    expect(await startCli(args, { io, exitNow: () => {} }).code).toBe(0);
    expect(err.text()).toBe('');
  });

  it('does not go on with what nobody reads', async () => {
    const exits: number[] = [];
    const io = { stdin: process.stdin, stdout: failing('EPIPE'), stderr: stderr() };
    await startCli(['config'], { io, exitNow: (code) => exits.push(code) }).code;
    expect(exits).toEqual([0]);
  });

  it('is told of a full disk, code 5', async () => {
    const err = stderr();
    const io = { stdin: process.stdin, stdout: failing('ENOSPC'), stderr: err };
    expect(await startCli(['config'], { io }).code).toBe(5);
    expect(err.text()).toContain('no space left while writing standard output');
  });

  it('goes on if nobody reads its messages', async () => {
    const io = { stdin: process.stdin, stdout: stderr(), stderr: failing('EPIPE') };
    expect(await startCli(['runs', '--db', '/no/such.db'], { io }).code).toBe(2);
    expect((await runCli(['--version'])).code).toBe(0);
  });
});

describe('the reader of standard output', () => {
  it('that leaves is told to those who listen, and to those who listen later', async () => {
    const stream = failing('EPIPE');
    const reader = new StdoutReader(stream);
    const told: string[] = [];
    reader.onGone(() => told.push('first'));
    const forget = reader.onGone(() => told.push('forgotten'));
    forget();
    stream.write('x');
    await nextTurn();
    reader.onGone(() => told.push('late'));
    expect(told).toEqual(['first', 'late']);
  });
});
