import { expect, it } from 'vitest';
import { systemClock } from '../../../libs/clock/clock.ts';
import { notBefore, untilDue } from './not-before.ts';
import { replyOf, requestContext } from './policy.fixture.ts';

const PAUSE_MS = 60;

async function sentAtMs(notBeforeMs: number | undefined, aside?: <T>(wait: () => Promise<T>) => Promise<T>) {
  const deps = { clock: systemClock, ...(aside === undefined ? {} : { aside }) };
  let atMs = 0;
  await notBefore(requestContext({ asked: notBeforeMs === undefined ? {} : { notBeforeMs }, deps }), async () => {
    atMs = systemClock.now();
    return replyOf();
  });
  return atMs;
}

it('a request is not sent before its time, and lends its slot meanwhile', async () => {
  const dueMs = systemClock.now() + PAUSE_MS;
  let lent = 0;
  const atMs = await sentAtMs(dueMs, async (wait) => {
    lent += 1;
    return wait();
  });
  expect(atMs).toBeGreaterThanOrEqual(dueMs);
  expect(lent).toBe(1);
});

it('a request without such a time, or whose time has come, does not wait', async () => {
  let lent = 0;
  const aside = async <T>(wait: () => Promise<T>): Promise<T> => {
    lent += 1;
    return wait();
  };
  await sentAtMs(undefined, aside);
  await sentAtMs(systemClock.now() - 1, aside);
  expect(lent).toBe(0);
});

it('a wait ends with its execution', async () => {
  const ended = new AbortController();
  const wait = untilDue(systemClock, { notBeforeMs: systemClock.now() + 60_000 }, ended.signal);
  ended.abort(new Error('shutting down'));
  await expect(wait).rejects.toMatchObject({ code: 'limits.aborted', class: 'retryable' });
});
