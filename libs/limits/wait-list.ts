import { FairQueue, type Share } from '../concurrency/fair-queue.ts';
import { LinkedList } from '../concurrency/linked-list.ts';
import { abortedWait, type Permit, type Place } from './limiter.ts';

/**
 * A queue, in which entries `ahead` come before the others, in the order in which they came; among the others runs take turns.
 * Removal is possible anywhere in constant time, so that an aborted wait leaves nothing behind.
 */
export class WaitList<T> {
  readonly #ahead = new LinkedList<T>();
  readonly #others = new FairQueue<T>();

  get size(): number {
    return this.#ahead.size + this.#others.size;
  }

  /** Number of entries that go ahead. */
  get ahead(): number {
    return this.#ahead.size;
  }

  /** Adds a value; the returned function removes it and may be called at any time, any number of times. */
  add(value: T, place: Place = 'last', share?: Share): () => void {
    if (place === 'ahead') {
      const link = this.#ahead.push(value);
      return () => this.#ahead.remove(link);
    }
    const entry = this.#others.push(value, share);
    return () => this.#others.remove(entry);
  }

  /** Removes and returns the next value. */
  take(): T | undefined {
    return this.#ahead.size > 0 ? this.#ahead.shift() : this.#others.shift();
  }
}

/** Who waits for permits of a key. */
export type PermitWaiters = WaitList<(permit: Permit) => void>;

export interface PermitWait {
  readonly signal: AbortSignal;
  readonly place?: Place | undefined;
  readonly share?: Share | undefined;
  /** Called when the caller has left because its signal aborted. */
  readonly onLeft: () => void;
}

/** Waits for a turn. Rejects with `limits.aborted` when the signal aborts first. */
export function waitForPermit(waiters: PermitWaiters, { signal, place, share, onLeft }: PermitWait): Promise<Permit> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      leave();
      onLeft();
      reject(abortedWait(signal));
    };
    const admitted = (permit: Permit): void => {
      signal.removeEventListener('abort', onAbort);
      resolve(permit);
    };
    const leave = waiters.add(admitted, place, share);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
