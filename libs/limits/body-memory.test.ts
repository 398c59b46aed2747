import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/clock.ts';
import { type BodyHold, BodyMemory, FREE_BYTES } from './body-memory.ts';

const MIB = 1_024 * 1_024;

/** Eight mebibytes, of which four are the lane. */
const open = (clock = new ManualClock()) =>
  new BodyMemory({ capacityBytes: 8 * MIB, largestHoldBytes: 4 * MIB, clock });

async function isSettled(promise: Promise<void>): Promise<boolean> {
  const waits = Symbol('waits');
  return (await Promise.race([promise, Promise.resolve(waits)])) !== waits;
}

describe('the memory for bodies', () => {
  it('gives room at once while there is some, and to small bodies always', () => {
    const memory = open();
    expect(memory.open().grow(4 * MIB)).toBeUndefined();
    expect(memory.open().grow(4 * MIB)).toBeUndefined();
    expect(memory.open().grow(MIB)).toBeInstanceOf(Promise);
    for (let small = 0; small < 100; small += 1) expect(memory.open().grow(FREE_BYTES)).toBeUndefined();
    expect(memory.snapshot()).toMatchObject({ heldBytes: 8 * MIB + 100 * FREE_BYTES, waiting: 1 });
  });

  it('serves those who wait in order, a small one not before a large one', async () => {
    const memory = open();
    const [first, lane] = [memory.open(), memory.open()];
    void first.grow(4 * MIB);
    void lane.grow(4 * MIB);
    const large = memory.open().grow(3 * MIB)!;
    const small = memory.open().grow(2 * FREE_BYTES)!;
    first.shrink(3 * MIB);
    expect([await isSettled(large), await isSettled(small)]).toEqual([false, false]);
    first.release();
    expect([await isSettled(large), await isSettled(small)]).toEqual([true, true]);
  });

  it('lets one body go on when all wait for each other, and then the next', async () => {
    const memory = open();
    const holds = Array.from({ length: 6 }, () => memory.open());
    for (const hold of holds) void hold.grow(MIB / 2);
    const waits = holds.map((hold) => hold.grow(4 * MIB));
    // The first has the lane; the others hold half a mebibyte each, and there is no room for any of them.
    expect(waits[0]).toBeUndefined();
    for (const [at, wait] of waits.entries())
      if (wait !== undefined) expect([at, await isSettled(wait)]).toEqual([at, false]);
    for (const [at, hold] of holds.entries()) {
      if (waits[at] !== undefined) await waits[at];
      hold.release();
    }
    expect(memory.snapshot()).toMatchObject({ heldBytes: 0, waiting: 0 });
  });

  it('lets the hold in the lane grow without a wait, and leaves the lane when it is small again', () => {
    const memory = open();
    void memory.open().grow(4 * MIB);
    const lane = memory.open();
    expect([lane.grow(MIB), lane.grow(2 * MIB), lane.grow(4 * MIB)]).toEqual([undefined, undefined, undefined]);
    lane.shrink(FREE_BYTES);
    expect(memory.open().grow(4 * MIB)).toBeUndefined();
  });

  it('a wait is ended by a release, and an older wait takes a larger wish with it', async () => {
    const memory = open();
    const [common, lane, gone, next] = [memory.open(), memory.open(), memory.open(), memory.open()];
    void common.grow(4 * MIB);
    void lane.grow(4 * MIB);
    const ofGone = gone.grow(MIB)!;
    const ofNext = next.grow(MIB)!;
    expect(next.grow(2 * MIB)).toBe(ofNext);
    gone.release();
    expect([await isSettled(ofGone), await isSettled(ofNext)]).toEqual([true, false]);
    common.release();
    expect([await isSettled(ofNext), next.bytes]).toEqual([true, 2 * MIB]);
  });

  it('says how much is held, how many wait, and how long the first has waited', () => {
    const clock = new ManualClock();
    const memory = open(clock);
    for (let hold = 0; hold < 4; hold += 1) void memory.open().grow(4 * MIB);
    clock.advance(1_500);
    expect(memory.snapshot()).toEqual({ capacityBytes: 8 * MIB, heldBytes: 8 * MIB, waiting: 2, longestWaitMs: 1_500 });
  });

  it('never holds more than its capacity, beside the free bytes, and comes to an end whatever grows and ends', async () => {
    const growths = fc.array(
      fc.record({ at: fc.nat(9), to: fc.integer({ min: 1, max: 4 * MIB }), ends: fc.boolean() }),
      {
        minLength: 30,
        maxLength: 120,
      },
    );
    await fc.assert(
      fc.asyncProperty(growths, async (steps) => {
        const memory = open();
        const holds: (BodyHold | undefined)[] = [];
        for (const { at, to, ends } of steps) {
          const hold = holds[at] ?? memory.open();
          holds[at] = hold;
          if (ends) {
            hold.release();
            holds[at] = undefined;
          } else {
            void hold.grow(Math.max(to, hold.bytes));
          }
          expect(memory.snapshot().heldBytes).toBeLessThanOrEqual(8 * MIB + 10 * FREE_BYTES);
        }
        // Whoever does not wait can end; so all of them end, one after the other.
        for (let round = 0; round < 20 && memory.snapshot().waiting > 0; round += 1) {
          for (const [at, hold] of holds.entries()) {
            const wait = hold?.grow(0);
            if (hold === undefined || (wait !== undefined && !(await isSettled(wait)))) continue;
            hold.release();
            holds[at] = undefined;
          }
        }
        expect(memory.snapshot().waiting).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
