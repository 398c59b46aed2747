/** The watchdog of real processes: what it says of a blocked loop, and that signals end it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';

const FIXTURE = join(import.meta.dirname, 'blocked-process.fixture.ts');
const PATIENT = { timeout: 60_000, interval: 50 };

interface Watched {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

function start(args: readonly string[], nodeArgs: readonly string[] = []): Watched {
  const child = spawn(process.execPath, [...nodeArgs, FIXTURE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return { child, out: () => out, err: () => err, ended };
}

const says = (text: () => string, pattern: RegExp) => vi.waitFor(() => expect(text()).toMatch(pattern), PATIENT);

it.each(['loop', 'regex', 'wait'])(
  'names what blocks the main loop by %s, and Ctrl-C ends the process',
  async (how) => {
    const { child, out, err, ended } = start([how]);
    await says(out, /blocked/);
    await says(err, /the main loop is blocked/);
    const line = JSON.parse(err().split('\n')[0]!) as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'warn', service: 'fixture', blocked_ms: 5_000 });
    expect((line.stack as string[]).join('\n')).toMatch(/blocked-process\.fixture\.ts:\d+:\d+\)/);
    // What the function itself calls in its loop may stand above it.
    if (how === 'loop') expect((line.stack as string[]).join('\n')).toMatch(/^blockByLoop /m);
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
    expect(out()).not.toContain('signal 1');
  },
  120_000,
);

it('a signal that came while nobody could hear it needs one more, and SIGTERM does the same', async () => {
  const { child, out, ended } = start(['loop']);
  await says(out, /blocked/);
  child.kill('SIGTERM');
  // Again and again, as an impatient person would: the first after the hand-over ends it.
  const again = setInterval(() => child.kill('SIGTERM'), 500);
  onTestFinished(() => clearInterval(again));
  expect(await ended).toBe('SIGTERM');
}, 120_000);

it('a loop that turns again has its signals back, and its stall is measured', async () => {
  const { child, out, err } = start(['loop', '6000']);
  await says(err, /the main loop is blocked/);
  await says(out, /longest/);
  const measured = JSON.parse(
    out()
      .split('\n')
      .find((line) => line.startsWith('{'))!,
  ) as Record<string, number>;
  expect(measured.longest).toBeGreaterThanOrEqual(5_000);
  expect(measured.blocked).toBeGreaterThanOrEqual(measured.longest!);
  child.kill('SIGINT');
  await says(out, /signal 1/);
  child.kill('SIGINT');
  await says(out, /signal 2/);
}, 120_000);

it('a process that is paused is not blocked', async () => {
  const { child, out, err } = start(['loop', '1']);
  await says(out, /longest/);
  child.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 7_000));
  child.kill('SIGCONT');
  child.kill('SIGINT');
  await says(out, /signal 1/);
  expect(err()).toBe('');
}, 120_000);

it('under a debugger it says nothing, and leaves its breakpoints alone', async () => {
  const { out, err } = start(['loop', '7000'], ['--inspect=127.0.0.1:0']);
  await says(out, /longest/);
  expect(err()).not.toContain('the main loop is blocked');
}, 120_000);

it('does not keep its process alive', async () => {
  const { ended } = start(['idle']);
  expect(await ended).toBe(0);
}, 60_000);
