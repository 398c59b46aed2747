/** First in, first out, with removal from anywhere in constant time: an abandoned wait must leave nothing behind. */
export class WaitList<T> {
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Appends; the answer removes the value again and may be called at any time, any number of times. */
  add(value: T): () => void {
    const entry: Entry<T> = { value, previous: this.#last, next: undefined, listed: true };
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
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
  previous: Entry<T> | undefined;
  next: Entry<T> | undefined;
  listed: boolean;
}
