/** A place in a {@link LinkedList}. */
export interface Link<T> {
  readonly value: T;
  previous: Link<T> | undefined;
  next: Link<T> | undefined;
  isListed: boolean;
}

/** A queue from whose middle a value can be removed; every operation takes constant time. */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a value at the end. */
  push(value: T): Link<T> {
    const link: Link<T> = { value, previous: this.#last, next: undefined, isListed: true };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#size += 1;
    return link;
  }

  /** Removes and returns the first value; undefined when there is none. */
  shift(): T | undefined {
    const link = this.#first;
    if (link === undefined) return undefined;
    this.remove(link);
    return link.value;
  }

  /** Does nothing for a link that was removed before. */
  remove(link: Link<T>): void {
    if (!link.isListed) return;
    const { previous, next } = link;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    link.previous = undefined;
    link.next = undefined;
    link.isListed = false;
    this.#size -= 1;
  }
}
