import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { RenewCode } from '../../coordination/protocol/claims.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { CodeOf } from '../../coordination/protocol/outcome.ts';
import { LeaseKeeper } from './lease.ts';

const LEASE_MS = 30_000;
const node = { id: 'n', token: 't1' } as ChainNode;

type Answer = () => Promise<CodeOf<typeof RenewCode>>;

/** A keeper whose coordinator answers what the test says; its own timer is out of the way. */
function keeper(answer: Answer = async () => RenewCode.RENEWED) {
  const clock = new ManualClock();
  const renewed: string[] = [];
  const coordinator = {
    renew: ({ token }: { readonly token: string }) => {
      renewed.push(token);
      return answer();
    },
  };
  const leases = new LeaseKeeper({ coordinator, clock, leaseMs: LEASE_MS });
  onTestFinished(() => leases.stop());
  /** So much time goes by, and the timer ticks. */
  const tick = async (ms: number): Promise<void> => {
    clock.advance(ms);
    leases.renewDue();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, leases, renewed, tick };
}

describe('a held lease', () => {
  it('is renewed when a third of it has gone by, and again after that', async () => {
    const { clock, leases, renewed, tick } = keeper();
    const lease = leases.hold(node, clock.monotonic());
    await tick(LEASE_MS / 3 - 1);
    expect(renewed).toEqual([]);
    for (let times = 1; times <= 12; times++) {
      await tick(LEASE_MS / 3 + 1);
      expect(renewed).toHaveLength(times);
    }
    expect(lease.signal.aborted).toBe(false);
  });

  it('is counted from before its claim was sent', async () => {
    const { clock, leases, renewed, tick } = keeper(() => new Promise(() => undefined));
    const sentMs = clock.monotonic();
    clock.advance(20_000);
    leases.hold(node, sentMs);
    await tick(LEASE_MS - 20_001);
    expect(renewed).toHaveLength(1);
    await tick(1);
    // Expired: it is asked for once more.
    expect(renewed).toHaveLength(2);
  });

  it('does not run out when the time of day jumps', () => {
    let timeOfDayMs = 0;
    const clock = { now: () => timeOfDayMs, monotonic: () => 1_000 };
    let asked = 0;
    const renew = async () => {
      asked += 1;
      return RenewCode.RENEWED;
    };
    const coordinator = { renew };
    const leases = new LeaseKeeper({ coordinator, clock, leaseMs: LEASE_MS });
    onTestFinished(() => leases.stop());
    const lease = leases.hold(node, clock.monotonic());
    timeOfDayMs = 10 * LEASE_MS;
    leases.renewDue();
    expect([asked, lease.signal.aborted]).toEqual([0, false]);
  });

  it('is lost when another holder has taken it over', async () => {
    const { clock, leases, tick } = keeper(async () => RenewCode.FENCING_REJECT);
    const lease = leases.hold(node, clock.monotonic());
    const { signal } = lease;
    await tick(LEASE_MS / 2);
    expect(signal.aborted).toBe(true);
    expect(String(signal.reason)).toMatch(/node n: another holder/);
  });

  it.each<[string, Answer]>([
    ['does not answer', () => new Promise(() => undefined)],
    ['refuses every call', () => Promise.reject(new Error('down'))],
  ])('is lost on its own clock when the coordinator %s', async (_how, answer) => {
    const { clock, leases, tick } = keeper(answer);
    const lease = leases.hold(node, clock.monotonic());
    await tick(LEASE_MS - 1);
    expect(lease.signal.aborted).toBe(false);
    await tick(1);
    for (let times = 0; times < 6; times++) await tick(LEASE_MS / 6);
    expect(lease.signal.aborted).toBe(true);
    expect(String(lease.signal.reason)).toMatch(/ran out/);
  });

  it('outlives a coordinator that is away for a moment', async () => {
    let down = true;
    const { clock, leases, tick } = keeper(() =>
      down ? Promise.reject(new Error('down')) : Promise.resolve(RenewCode.RENEWED),
    );
    const lease = leases.hold(node, clock.monotonic());
    await tick(LEASE_MS / 2);
    down = false;
    await tick(1_000);
    await tick(LEASE_MS - 1_000);
    expect(lease.signal.aborted).toBe(false);
  });

  it('goes on after a pause of its process, when nobody took the node over', async () => {
    const { clock, leases, renewed, tick } = keeper();
    const lease = leases.hold(node, clock.monotonic());
    await tick(LEASE_MS * 10);
    expect(lease.signal.aborted).toBe(false);
    expect(renewed).toHaveLength(1);
    await tick(LEASE_MS - 1);
    expect(lease.signal.aborted).toBe(false);
  });

  it('is lost after a pause of its process, when another holder took the node over', async () => {
    const { clock, leases, tick } = keeper(async () => RenewCode.FENCING_REJECT);
    const lease = leases.hold(node, clock.monotonic());
    await tick(LEASE_MS * 10);
    expect(lease.signal.aborted).toBe(true);
  });

  it('is asked for again after a pause that hit its renewal, and the pause does not count as silence', async () => {
    const answers: PromiseWithResolvers<typeof RenewCode.RENEWED>[] = [];
    const { clock, leases, tick } = keeper(() => {
      answers.push(Promise.withResolvers());
      return answers.at(-1)!.promise;
    });
    const lease = leases.hold(node, clock.monotonic());
    await tick(LEASE_MS / 2);
    await tick(LEASE_MS * 10);
    expect(answers).toHaveLength(2);
    await tick(LEASE_MS * 10);
    answers[1]!.resolve(RenewCode.RENEWED);
    await tick(1);
    answers[0]!.reject(new Error('the connection was cut'));
    await tick(LEASE_MS / 6);
    expect(lease.signal.aborted).toBe(false);
  });

  it('counts as held while its execution runs, also when it is lost', async () => {
    const { clock, leases, tick } = keeper(async () => RenewCode.FENCING_REJECT);
    const ends: string[] = [];
    const lease = leases.hold(node, clock.monotonic(), () => ends.push('end'));
    const none = leases.noneHeld().then(() => ends.push('none'));
    expect(leases.holds(node)).toBe(true);
    await tick(LEASE_MS / 2);
    expect([leases.held, leases.holds(node), ends]).toEqual([1, false, []]);
    lease.end();
    lease.end();
    await none;
    expect([leases.held, ends]).toEqual([0, ['end', 'none']]);
  });

  it('is among those that a stop ends, once, unless it is lost already', async () => {
    const { clock, leases, tick } = keeper(async () => RenewCode.FENCING_REJECT);
    leases.hold({ ...node, id: 'lost' }, clock.monotonic());
    await tick(LEASE_MS / 2);
    const lease = leases.hold(node, clock.monotonic());
    expect(leases.endAll('its process stops')).toEqual([node]);
    expect(leases.endAll('its process stops')).toEqual([]);
    expect(String(lease.signal.reason)).toMatch(/its process stops/);
  });

  it('is asked for once at a time', async () => {
    const { clock, leases, renewed, tick } = keeper(() => new Promise(() => undefined));
    leases.hold(node, clock.monotonic());
    await tick(LEASE_MS / 2);
    await tick(1_000);
    expect(renewed).toHaveLength(1);
  });

  it('that has ended is not kept alive, and can be ended twice', async () => {
    const { clock, leases, renewed, tick } = keeper();
    const lease = leases.hold(node, clock.monotonic());
    lease.end();
    lease.end();
    await tick(LEASE_MS * 2);
    expect(renewed).toEqual([]);
    expect(lease.signal.aborted).toBe(false);
  });

  it('tells since when the longest execution goes on, renewals apart', async () => {
    const { clock, leases, tick } = keeper();
    const first = clock.monotonic();
    const oldest = leases.hold(node, first);
    await tick(LEASE_MS / 2);
    leases.hold({ ...node, id: 'm' }, clock.monotonic());
    expect(leases.oldestSinceMs()).toBe(first);
    oldest.end();
    expect(leases.oldestSinceMs()).toBe(clock.monotonic());
  });
});

it('a keeper renews by its own timer', async () => {
  const renewed = Promise.withResolvers<void>();
  const coordinator = {
    renew: async () => {
      renewed.resolve();
      return RenewCode.RENEWED;
    },
  };
  const leases = new LeaseKeeper({
    coordinator,
    clock: { now: Date.now, monotonic: () => performance.now() },
    leaseMs: 60,
  });
  onTestFinished(() => leases.stop());
  leases.hold(node, performance.now());
  await renewed.promise;
});
