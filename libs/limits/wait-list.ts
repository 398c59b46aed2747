import type { Place } from './limiter.ts';

/**
 * First in, first out, those who go ahead before the others; with removal from anywhere in constant time: an abandoned wait
 * must leave nothing behind.
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

  /** How many of them go ahead of the others. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Adds; the answer removes the value again and may be called at any time, any number of times. */
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

  /** Takes the value that has waited longest. */
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
      // Whoever stands before one that goes ahead goes ahead too.
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
