import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../libs/clock/clock.ts';
import { Slots } from '../../../libs/concurrency/slots.ts';
import { ManualTimers } from '../../../libs/concurrency/timers.ts';
import type { KeyLimits, Permit } from '../../../libs/limits/limiter.ts';
import { RateLimiter } from '../../../libs/limits/rate-limiter.ts';
import { HostPermit } from './host-permit.ts';
import { admission, limits, ownLimits } from './limits.ts';
import { answerOf, hopContext, replyOf, requestContext } from './policy.fixture.ts';
import type { HopContext, RequestContext } from './policy.ts';

const never = new AbortController().signal;
const ONE: KeyLimits = { requestsPerSecond: 0, concurrency: 1 };
const turn = () => new Promise(setImmediate);

interface Bench {
  readonly limiter: RateLimiter;
  readonly clock: ManualClock;
  readonly timers: ManualTimers;
  readonly from: Permit;
  readonly slots: Slots;
  readonly sending: RequestContext;
  hop(parts?: Parameters<typeof hopContext>[1]): HopContext;
}

/** A request that is at `from.test` with its permit and the only slot. */
async function open(defaults: KeyLimits, signal = never): Promise<Bench> {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const limiter = new RateLimiter({ defaults, clock, timers });
  const slots = new Slots(1);
  slots.tryTake();
  const from = await limiter.acquire('from.test', never);
  const context = requestContext({ deps: { limiter, aside: (wait) => slots.aside(wait) } });
  const sending = { ...context, permit: new HostPermit(from), signal };
  const hop: Bench['hop'] = (parts) => hopContext(sending, { url: 'http://to.test/page', ...parts });
  return { limiter, clock, timers, from, slots, sending, hop };
}

const sent = async () => answerOf();

describe('a hop', () => {
  it('of the request itself is sent with the permit of its admission', async () => {
    const { limiter, hop } = await open(ONE);
    await limits(hop({ redirects: 0 }), sent);
    expect(limiter.snapshot()).toMatchObject([{ key: 'from.test', inFlight: 1 }]);
  });

  it('of a redirect holds the permit of its host while it is sent, and the one before is given back', async () => {
    const { limiter, sending, hop } = await open(ONE);
    await limits(hop(), async () => {
      expect(limiter.snapshot()).toMatchObject([{ key: 'to.test', inFlight: 1 }]);
      return answerOf();
    });
    sending.permit.release();
    expect(limiter.snapshot()).toEqual([]);
  });

  it('waits for the pace of its host without a slot, ahead of requests that have not begun', async () => {
    const { limiter, timers, slots, hop } = await open({ requestsPerSecond: 10, concurrency: 0 });
    limiter.tryAcquire('to.test');
    const order: string[] = [];
    void limiter.acquire('to.test', never).then(() => order.push('fresh'));
    const passed = limits(hop(), sent).then(() => order.push('hop'));
    await turn();
    expect([order, slots.tryTake()]).toEqual([[], true]);
    slots.give();
    await timers.advance(100);
    await passed;
    await timers.advance(100);
    expect(order).toEqual(['hop', 'fresh']);
    expect(slots.tryTake(), 'it has its slot again').toBe(false);
  });

  it('lets nobody new at the host that it comes from while it waits, and those who have begun', async () => {
    const { limiter, sending, hop } = await open(ONE);
    const busy = limiter.tryAcquire('to.test')!;
    const fresh = vi.fn();
    void limiter.acquire('from.test', never).then(fresh);
    const passed = limits(hop(), sent);
    const begun = await limiter.acquire('from.test', never, 'ahead');
    begun.release();
    await turn();
    expect(fresh).not.toHaveBeenCalled();
    busy.release();
    await passed;
    await turn();
    expect(fresh).toHaveBeenCalledOnce();
    sending.permit.release();
  });

  it('to the host that it is at waits for the next start there, with nobody between', async () => {
    const { limiter, timers, hop } = await open({ requestsPerSecond: 10, concurrency: 1 });
    const fresh = vi.fn();
    void limiter.acquire('from.test', never).then(fresh);
    const passed = limits(hop({ limitKey: 'from.test' }), sent);
    await timers.advance(100);
    await passed;
    await timers.advance(1_000);
    expect(fresh).not.toHaveBeenCalled();
  });

  it('that would wait longer than its request has time for goes back at once, each later than the one before', async () => {
    const { limiter, slots, hop } = await open({ requestsPerSecond: 0.1, concurrency: 0 });
    limiter.tryAcquire('to.test');
    const wait = (times: number) => ({
      code: 'limits.wait_too_long',
      class: 'retryable',
      retryAfterMs: times * 10_000,
      data: { url: 'http://to.test/page', key: 'to.test' },
    });
    for (const times of [1, 2, 3]) await expect(limits(hop(), sent)).rejects.toMatchObject(wait(times));
    expect([limiter.waiting('to.test'), slots.taken]).toEqual([0, 1]);
  });

  it('whose time runs out while it waits for a permit goes back too: the other side is not to blame', async () => {
    const { limiter, sending, slots, hop } = await open(ONE);
    limiter.tryAcquire('to.test');
    const late = limits(hop({ timeoutMs: 30 }), sent);
    await expect(late).rejects.toMatchObject({ code: 'limits.wait_too_long', class: 'retryable' });
    sending.permit.release();
    expect([limiter.waiting('to.test'), slots.taken]).toEqual([0, 1]);
    expect(limiter.tryAcquire('from.test')).toBeDefined();
  });

  it('ends its wait when its lease is lost, and leaves nothing taken', async () => {
    const lease = new AbortController();
    const { limiter, sending, hop } = await open(ONE, lease.signal);
    const busy = limiter.tryAcquire('to.test')!;
    const waiting = limits(hop(), sent);
    await turn();
    lease.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'limits.aborted' });
    sending.permit.release();
    busy.release();
    expect(limiter.snapshot()).toEqual([]);
  });

  it('that fails gives its permit back with the request', async () => {
    const { limiter, sending, hop } = await open(ONE);
    const failing = limits(hop(), () => Promise.reject(new Error('reset')));
    await expect(failing).rejects.toThrow('reset');
    sending.permit.release();
    expect(limiter.snapshot()).toEqual([]);
  });
});

it('a request by hand waits for its host', async () => {
  const { limiter, sending } = await open(ONE);
  const busy = limiter.tryAcquire('shop.test')!;
  const admitted = admission(sending, async () => replyOf());
  await turn();
  expect(limiter.waiting('shop.test')).toBe(1);
  busy.release();
  await admitted;
  sending.permit.release();
  expect(limiter.tryAcquire('shop.test')).toBeDefined();
});

it('limits that a request brings hold for its key from then on', async () => {
  const { limiter } = await open({ requestsPerSecond: 0, concurrency: 0 });
  const context = requestContext({ deps: { limiter }, asked: { limits: { concurrency: 1 } } });
  await ownLimits(context, async () => replyOf());
  expect([limiter.tryAcquire('shop.test'), limiter.tryAcquire('shop.test')]).toEqual([expect.anything(), undefined]);
});
