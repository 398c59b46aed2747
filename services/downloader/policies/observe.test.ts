import { expect, it, vi } from 'vitest';
import { ManualClock } from '../../../libs/clock/clock.ts';
import { observe } from './observe.ts';
import { replyOf, requestContext } from './policy.fixture.ts';

it('tells of every request that was sent: its host, how long it took, and how it ended', async () => {
  const clock = new ManualClock();
  const onDownload = vi.fn();
  const context = requestContext({ deps: { clock, onDownload } });
  await observe(context, async () => {
    clock.advance(30);
    return replyOf({ status: 404, url: 'http://other.test/' });
  });
  const failing = observe(context, () => {
    clock.advance(7);
    return Promise.reject(new Error('reset'));
  });
  await expect(failing).rejects.toThrow('reset');
  expect(onDownload.mock.calls).toEqual([
    ['shop.test', 30, '404'],
    ['shop.test', 7, 'failed'],
  ]);
});

it('is passed where nobody listens', async () => {
  const reply = replyOf();
  expect(await observe(requestContext(), async () => reply)).toBe(reply);
});
