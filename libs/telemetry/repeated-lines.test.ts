import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CatenaError } from '../errors/catena-error.ts';
import { createLog } from './log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function capture() {
  const lines: Record<string, unknown>[] = [];
  const stream = { isTTY: false, write: (line: string) => void lines.push(JSON.parse(line)) };
  return { log: createLog({ level: 'debug', format: 'json', runtimeMode: 'distributed', stream }), lines };
}

const wrongType = () => new CatenaError('coordinator.unavailable', 'a key holds a list');

it('a flood of the same error is ten lines, and one with the number of the others (S8)', async () => {
  const { log, lines } = capture();
  for (let at = 0; at < 370; at += 1)
    log.error('the sweeper could not sweep a shard', { shard: at % 16, error: wrongType() });
  expect(lines).toHaveLength(10);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lines).toHaveLength(11);
  expect(lines[10]).toMatchObject({
    ...{ level: 'error', msg: 'the sweeper could not sweep a shard', repeated: 360, shard: 1 },
    error: { code: 'coordinator.unavailable' },
  });
});

it('lines of another message, level or error code are counted apart, and information is not counted', () => {
  const { log, lines } = capture();
  for (let at = 0; at < 20; at += 1) {
    log.warn('one');
    log.error('one');
    log.error('one', { error: wrongType() });
    log.info('one');
  }
  expect(lines).toHaveLength(10 + 10 + 10 + 20);
});

it('the next window begins anew, for a child of the log too', async () => {
  const { log, lines } = capture();
  for (let at = 0; at < 12; at += 1) log.child({ service: 'parser' }).warn('one');
  expect(lines).toHaveLength(10);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lines.at(-1)).toMatchObject({ repeated: 2, service: 'parser' });
  log.warn('one');
  expect(lines).toHaveLength(12);
});
