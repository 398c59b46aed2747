import { Fifo } from './fifo.ts';
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
 * One stage's slots, shared by both ways of delivery. The inner bus is told how many are left; what it had sent for before
 * waits here, and goes first: nothing comes in locally while it does, so neither way starves the other.
 */
export class LocalLane {
  readonly #options: LocalLaneOptions;
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

  /** Deliveries of the inner bus that wait for a slot. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes a slot for a local delivery, if one is free and nobody waits for it. */
  tryTake(): boolean {
    if (this.#stopped || this.#waiting.size > 0 || !this.#hasFreeSlot()) return false;
    this.#local += 1;
    this.#options.onRemoteSlots(this.#remoteSlots());
    return true;
  }

  /** Hands on a local delivery in a slot that was taken. */
  run(delivery: Delivery<Receiver>): void {
    void this.#options.receive(delivery).finally(() => {
      this.#local -= 1;
      this.#next();
      this.#options.onRemoteSlots(this.#remoteSlots());
    });
  }

  /** Hands on a delivery of the inner bus, once a slot is free; resolves when it has ended. */
  receiveRemote(delivery: Delivery<Receiver>): Promise<void> {
    if (this.#stopped) {
      delivery.giveBack(STOPPED_DELAY_MS);
      return Promise.resolve();
    }
    if (this.#hasFreeSlot()) return this.#runRemote(delivery);
    return new Promise((ended) => this.#waiting.push({ delivery, ended }));
  }

  resize(slots: number): void {
    if (this.#stopped) return;
    this.#slots = slots;
    this.#next();
    this.#options.onRemoteSlots(this.#remoteSlots());
  }

  /** Gives back what waits; resolves when what is in hand has ended. */
  stop(): Promise<void> {
    this.#stopped = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.delivery.giveBack(STOPPED_DELAY_MS);
      next.ended();
    }
    if (this.#inHand() === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
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
  }

  #inHand(): number {
    return this.#local + this.#remote;
  }

  #hasFreeSlot(): boolean {
    return this.#inHand() < this.#slots;
  }

  /** What waits here counts with the inner bus as in hand. */
  #remoteSlots(): number {
    return Math.max(0, this.#slots - this.#local);
  }
}
