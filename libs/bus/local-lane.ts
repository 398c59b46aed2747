import { FairQueue } from '../concurrency/fair-queue.ts';
import type { Delivery, Receiver } from './port.ts';
import { shareOf } from './share-of.ts';

export interface LocalLaneOptions {
  readonly slots: number;
  readonly receive: (delivery: Delivery<Receiver>) => Promise<void>;
  /** Called with the number of slots that the inner bus may fill, whenever that changes. */
  readonly onRemoteSlots: (slots: number) => void;
}

/** A delivery of the inner bus that waits because a local one took its slot. */
interface Waiting {
  readonly delivery: Delivery<Receiver>;
  readonly ended: () => void;
}

/** Delay of a delivery that is returned because its subscriber has stopped. */
const STOPPED_DELAY_MS = 1;

/**
 * One stage's slots, shared by local deliveries and those of the inner bus; of each kind runs take turns. As many local deliveries as there are slots may wait:
 * a publisher holds a slot until it has published, so under load no slot would ever be free. The inner bus learns how many slots
 * are left; deliveries that it requested before wait here and go first. Neither kind starves the other: while local deliveries
 * wait, the inner bus may still fill one slot, and no local delivery is accepted while one of the inner bus waits.
 */
export class LocalLane {
  readonly #options: LocalLaneOptions;
  readonly #queue = new FairQueue<Delivery<Receiver>>();
  readonly #waiting = new FairQueue<Waiting>();
  #slots: number;
  #local = 0;
  #remote = 0;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(options: LocalLaneOptions) {
    this.#options = options;
    this.#slots = options.slots;
  }

  /** Deliveries that wait for a slot. */
  get waiting(): number {
    return this.#queue.size + this.#waiting.size;
  }

  /** Whether a delivery of another run waits. */
  othersWait(runId: string): boolean {
    return this.waiting > this.#queue.sizeOf(runId) + this.#waiting.sizeOf(runId);
  }

  /**
   * Accepts a local delivery into a slot or, if it may wait, the queue. False when there is no room, or others wait before it.
   */
  offer(delivery: Delivery<Receiver>, mayWait = true): boolean {
    if (this.#stopped || this.#waiting.size > 0) return false;
    if (this.#hasFreeSlot()) this.#runLocal(delivery);
    else if (mayWait && this.#queue.size < this.#slots) this.#queue.push(delivery, shareOf(delivery.message));
    else return false;
    this.#reportRemoteSlots();
    return true;
  }

  /** Starts a delivery of the inner bus when a slot is free; resolves when it has ended. */
  receiveRemote(delivery: Delivery<Receiver>): Promise<void> {
    if (this.#stopped) {
      delivery.nak(STOPPED_DELAY_MS);
      return Promise.resolve();
    }
    if (this.#hasFreeSlot()) return this.#runRemote(delivery);
    return new Promise((ended) => this.#waiting.push({ delivery, ended }, shareOf(delivery.message)));
  }

  resize(slots: number): void {
    if (this.#stopped) return;
    this.#slots = slots;
    this.#next();
    this.#reportRemoteSlots();
  }

  /** Returns waiting deliveries; resolves when the running ones have ended. */
  stop(): Promise<void> {
    this.#stopped = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      next.nak(STOPPED_DELAY_MS);
    }
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.delivery.nak(STOPPED_DELAY_MS);
      next.ended();
    }
    if (this.#inHand() === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #runLocal(delivery: Delivery<Receiver>): void {
    this.#local += 1;
    void this.#options.receive(delivery).finally(() => {
      this.#local -= 1;
      this.#next();
      this.#reportRemoteSlots();
    });
  }

  async #runRemote(delivery: Delivery<Receiver>): Promise<void> {
    this.#remote += 1;
    try {
      await this.#options.receive(delivery);
    } finally {
      this.#remote -= 1;
      this.#next();
    }
  }

  /** Fills a slot that became free. */
  #next(): void {
    if (this.#stopped) {
      if (this.#inHand() === 0) this.#idle?.();
      return;
    }
    while (this.#waiting.size > 0 && this.#hasFreeSlot()) {
      const { delivery, ended } = this.#waiting.shift()!;
      void this.#runRemote(delivery).finally(ended);
    }
    while (this.#queue.size > 0 && this.#hasFreeSlot()) this.#runLocal(this.#queue.shift()!);
  }

  #inHand(): number {
    return this.#local + this.#remote;
  }

  #hasFreeSlot(): boolean {
    return this.#inHand() < this.#slots;
  }

  /** Reports the free slots; a waiting delivery of the inner bus counts there as running. */
  #reportRemoteSlots(): void {
    const left = this.#slots - this.#local - this.#queue.size;
    this.#options.onRemoteSlots(Math.max(this.#queue.size > 0 ? 1 : 0, left));
  }
}
