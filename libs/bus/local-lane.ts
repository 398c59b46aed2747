import { Fifo } from '../concurrency/fifo.ts';
import type { Delivery, Receiver } from './port.ts';

export interface LocalLaneOptions {
  readonly slots: number;
  readonly receive: (delivery: Delivery<Receiver>) => Promise<void>;
  /** Told how many slots the inner bus may fill, whenever that changes. */
  readonly onRemoteSlots: (slots: number) => void;
}

/** A delivery of the inner bus that came while a local one had taken its slot. */
interface Waiting {
  readonly delivery: Delivery<Receiver>;
  readonly ended: () => void;
}

/** How long a delivery is given back for that no longer finds its subscriber. */
const STOPPED_DELAY_MS = 1;

/**
 * One stage's slots, shared by both ways of delivery. As many local deliveries as there are slots may wait for one: whoever
 * publishes holds a slot itself until it has, so that under load none would ever be free. The inner bus is told how many
 * slots are left; what it had sent for before waits here, and goes first. Neither way starves the other: while local
 * deliveries wait one slot is still asked for, and nothing comes in locally while a delivery of the inner bus waits.
 */
export class LocalLane {
  readonly #options: LocalLaneOptions;
  readonly #queue = new Fifo<Delivery<Receiver>>();
  readonly #waiting = new Fifo<Waiting>();
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

  /** Takes a local delivery: into a slot, or to wait for one. False when there is no room, or others wait before it. */
  offer(delivery: Delivery<Receiver>): boolean {
    if (this.#stopped || this.#waiting.size > 0) return false;
    if (this.#hasFreeSlot()) this.#runLocal(delivery);
    else if (this.#queue.size < this.#slots) this.#queue.push(delivery);
    else return false;
    this.#tellRemoteSlots();
    return true;
  }

  /** Hands on a delivery of the inner bus, once a slot is free; resolves when it has ended. */
  receiveRemote(delivery: Delivery<Receiver>): Promise<void> {
    if (this.#stopped) {
      delivery.nak(STOPPED_DELAY_MS);
      return Promise.resolve();
    }
    if (this.#hasFreeSlot()) return this.#runRemote(delivery);
    return new Promise((ended) => this.#waiting.push({ delivery, ended }));
  }

  resize(slots: number): void {
    if (this.#stopped) return;
    this.#slots = slots;
    this.#next();
    this.#tellRemoteSlots();
  }

  /** Gives back what waits; resolves when what is in hand has ended. */
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
      this.#tellRemoteSlots();
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

  /** After a slot fell free. */
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

  /** What waits here for a slot counts with the inner bus as in hand. */
  #tellRemoteSlots(): void {
    const left = this.#slots - this.#local - this.#queue.size;
    this.#options.onRemoteSlots(Math.max(this.#queue.size > 0 ? 1 : 0, left));
  }
}
