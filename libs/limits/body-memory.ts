/**
 * The memory for bodies of responses in one process: how many bytes of them all downloads hold at once. It delays and never drops.
 *
 * A body is held from its first byte until it is handed over, to the store, the parser or the bus. Before it grows, its hold does; if
 * there is no room, the download waits, its connection unread.
 *
 *     capacity = the common part + the express lane
 *                holds share it     one hold at a time: the first in line when the common part is full
 *
 * The lane is as large as the largest body, sent and decoded, so the hold that has it never waits again. Downloads whose bodies grow
 * in steps would otherwise wait for each other, each holding a part, for ever. The line is served in order, so none starves. The
 * first {@link FREE_BYTES} of a hold need no room: small pages never wait, and cost no promise.
 */
import type { Clock } from '../clock/clock.ts';

/** What each hold may have in any case, beside the capacity. */
export const FREE_BYTES = 64 * 1_024;

export interface BodyMemoryOptions {
  readonly capacityBytes: number;
  /** The most that one hold may grow to. */
  readonly largestHoldBytes: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** The use of the memory at one moment. */
export interface BodyMemorySnapshot {
  readonly capacityBytes: number;
  readonly heldBytes: number;
  /** Holds that wait for room. */
  readonly waiting: number;
  /** How long the first of them has waited, in milliseconds; 0 if none waits. */
  readonly longestWaitMs: number;
}

/** The bytes of one body. Release it in a `finally`. */
export interface BodyHold {
  readonly bytes: number;
  /** Grows the hold to so many bytes; returns a promise if it has to wait for room. A hold waits for one growth at a time. */
  grow(toBytes: number): Promise<void> | undefined;
  /** Grows the hold without waiting, for bytes that are in memory already. */
  take(bytes: number): void;
  shrink(toBytes: number): void;
  /** Gives everything back, and ends a wait. Idempotent; the hold must not grow again. */
  release(): void;
}

export class BodyMemory {
  readonly #capacityBytes: number;
  /** Capacity of the common part. */
  readonly #commonBytes: number;
  readonly #clock: BodyMemoryOptions['clock'];
  readonly #line = new Set<Hold>();
  #usedBytes = 0;
  #heldBytes = 0;
  #inLane: Hold | undefined;

  constructor({ capacityBytes, largestHoldBytes, clock }: BodyMemoryOptions) {
    this.#capacityBytes = capacityBytes;
    this.#commonBytes = Math.max(0, capacityBytes - largestHoldBytes);
    this.#clock = clock;
  }

  open(): BodyHold {
    return new Hold(this.#desk);
  }

  snapshot(): BodyMemorySnapshot {
    const [first] = this.#line;
    return {
      capacityBytes: this.#capacityBytes,
      heldBytes: this.#heldBytes,
      waiting: this.#line.size,
      longestWaitMs: first === undefined ? 0 : this.#clock.monotonic() - first.waitsSinceMs,
    };
  }

  /** What holds may do here. */
  readonly #desk: Desk = {
    tryGrow: (hold, toBytes) => {
      const isFree = hold === this.#inLane || toBytes <= FREE_BYTES;
      if (!isFree && (this.#line.size > 0 || !this.#fits(hold, toBytes))) return false;
      this.#resize(hold, toBytes);
      return true;
    },
    enterLine: (hold) => {
      hold.waitsSinceMs = this.#clock.monotonic();
      this.#line.add(hold);
      this.#serve();
    },
    resize: (hold, toBytes) => {
      this.#resize(hold, toBytes);
      // The lane is for the one that needs it most: a hold that fits into the common part leaves it.
      if (hold === this.#inLane && this.#usedBytes + chargeOf(hold.bytes) <= this.#commonBytes) this.#leaveLane(hold);
      this.#serve();
    },
    leave: (hold) => {
      this.#line.delete(hold);
      this.#resize(hold, 0);
      if (hold === this.#inLane) this.#inLane = undefined;
      this.#serve();
    },
  };

  #fits(hold: Hold, toBytes: number): boolean {
    return this.#usedBytes + chargeOf(toBytes) - chargeOf(hold.bytes) <= this.#commonBytes;
  }

  #resize(hold: Hold, toBytes: number): void {
    this.#heldBytes += toBytes - hold.bytes;
    if (hold !== this.#inLane) this.#usedBytes += chargeOf(toBytes) - chargeOf(hold.bytes);
    hold.bytes = toBytes;
  }

  #leaveLane(hold: Hold): void {
    this.#inLane = undefined;
    this.#usedBytes += chargeOf(hold.bytes);
  }

  #serve(): void {
    for (const hold of this.#line) {
      if (!this.#fits(hold, hold.wantedBytes)) {
        if (this.#inLane !== undefined) return;
        this.#usedBytes -= chargeOf(hold.bytes);
        this.#inLane = hold;
      }
      this.#line.delete(hold);
      this.#resize(hold, hold.wantedBytes);
      hold.granted();
    }
  }
}

/** The bytes of a hold that count. */
function chargeOf(bytes: number): number {
  return Math.max(0, bytes - FREE_BYTES);
}

interface Desk {
  tryGrow(hold: Hold, toBytes: number): boolean;
  enterLine(hold: Hold): void;
  resize(hold: Hold, toBytes: number): void;
  leave(hold: Hold): void;
}

class Hold implements BodyHold {
  bytes = 0;
  wantedBytes = 0;
  waitsSinceMs = 0;
  readonly #desk: Desk;
  #wait: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  grow(toBytes: number): Promise<void> | undefined {
    if (toBytes <= this.bytes) return this.#wait?.promise;
    if (this.#wait !== undefined) {
      this.wantedBytes = Math.max(this.wantedBytes, toBytes);
      return this.#wait.promise;
    }
    if (this.#desk.tryGrow(this, toBytes)) return undefined;
    this.wantedBytes = toBytes;
    this.#wait = Promise.withResolvers<void>();
    const { promise } = this.#wait;
    this.#desk.enterLine(this);
    return this.#wait === undefined ? undefined : promise;
  }

  granted(): void {
    this.#wait?.resolve();
    this.#wait = undefined;
  }

  take(bytes: number): void {
    if (bytes > this.bytes) this.#desk.resize(this, bytes);
  }

  shrink(toBytes: number): void {
    if (toBytes < this.bytes) this.#desk.resize(this, toBytes);
  }

  release(): void {
    this.#desk.leave(this);
    this.granted();
  }
}
