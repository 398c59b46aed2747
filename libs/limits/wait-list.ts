import type { Place } from './limiter.ts';

/**
 * A queue, in which entries `ahead` come before the others. Removal is possible anywhere in constant time, so that an aborted
 * wait leaves nothing behind.
 */
export class WaitList<T> {
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  #lastAhead: Entry<T> | undefined;
  #size = 0;
  #ahead = 0;

  get size(): number {
    return this.#size;
  }

  /** Number of entries that go ahead. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Adds a value; the returned function removes it and may be called at any time, any number of times. */
  add(value: T, place: Place = 'last'): () => void {
    const goesAhead = place === 'ahead';
    const previous = goesAhead ? this.#lastAhead : this.#last;
    const next = previous === undefined ? this.#first : previous.next;
    const entry: Entry<T> = { value, goesAhead, previous, next, listed: true };
    if (previous === undefined) this.#first = entry;
    else previous.next = entry;
    if (next === undefined) this.#last = entry;
    else next.previous = entry;
    if (goesAhead) {
      this.#lastAhead = entry;
      this.#ahead += 1;
    }
    this.#size += 1;
    return () => this.#remove(entry);
  }

  /** Removes and returns the first value. */
  take(): T | undefined {
    const entry = this.#first;
    if (entry === undefined) return undefined;
    this.#remove(entry);
    return entry.value;
  }

  #remove(entry: Entry<T>): void {
    if (!entry.listed) return;
    entry.listed = false;
    this.#size -= 1;
    if (entry.goesAhead) {
      this.#ahead -= 1;
      // All entries before one that goes ahead go ahead too.
      if (this.#lastAhead === entry) this.#lastAhead = entry.previous;
    }
    if (entry.previous === undefined) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
  }
}

interface Entry<T> {
  readonly value: T;
  readonly goesAhead: boolean;
  previous: Entry<T> | undefined;
  next: Entry<T> | undefined;
  listed: boolean;
}
