import { expect, it, vi } from 'vitest';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { type Log, silentLog } from '../../libs/telemetry/log.ts';
import { awaitServer } from './await-server.ts';

const away = (code = 'store.unavailable') => new CatenaError(code, 'nobody answers', { class: 'retryable' });
const running = () => new AbortController().signal;

it('waits for a server that does not answer yet, and says for which, once per reason', async () => {
  const lines: string[] = [];
  const say: Log['warn'] = (message, fields) => lines.push(`${message}: ${fields?.server}`);
  const log = { ...silentLog, warn: say, info: say };
  const failures = [away(), away(), away('store.unwritable')];
  const open = vi.fn(async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return 'opened';
  });
  expect(await awaitServer('PostgreSQL', open, { log, signal: running() })).toBe('opened');
  expect(lines).toEqual([
    'the start waits for a server: PostgreSQL',
    'the start waits for a server: PostgreSQL',
    'the server answers; the start goes on: PostgreSQL',
  ]);
});

it('does not wait for a server that refuses it for good', async () => {
  const refused = new CatenaError('store.refused', 'a wrong password');
  const open = vi.fn(() => Promise.reject(refused));
  await expect(awaitServer('PostgreSQL', open, { log: silentLog, signal: running() })).rejects.toBe(refused);
  expect(open).toHaveBeenCalledTimes(1);
});

it('ends its wait when the process is told to stop', async () => {
  const stop = new AbortController();
  const open = vi.fn(async () => {
    stop.abort();
    throw away();
  });
  await expect(awaitServer('Redis', open, { log: silentLog, signal: stop.signal })).rejects.toMatchObject({
    code: 'store.unavailable',
  });
});
