import { CatenaError } from '../errors/catena-error.ts';

export interface BatchesOptions<Entry> {
  /** Writes a group, either atomically or so that it may be written again. */
  readonly write: (entries: readonly Entry[]) => Promise<void>;
  readonly maxEntries: number;
  /** Groups written at the same time. */
  readonly lanes: number;
  /** How long entries wait for others, unless flushed or the group is full; default 0. */
  readonly lingerMs?: number;
}

interface Waiting<Entry> {
  readonly entry: Entry;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes entries in groups: those of one turn of the event loop, and those added while all lanes were busy. A group that is
 * refused with a fatal error is written entry by entry, so that only the faulty entry fails.
 */
export class Batches<Entry> {
  readonly #options: BatchesOptions<Entry>;
  readonly #queue: Waiting<Entry>[] = [];
  readonly #pending = new Set<Promise<void>>();
  #active = 0;
  #scheduled = false;
  #lingering: NodeJS.Timeout | undefined;
  #flushes = 0;

  constructor(options: BatchesOptions<Entry>) {
    this.#options = options;
  }

  /** Resolves when the entry is written. */
  add(entry: Entry): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ entry, resolve, reject });
    this.#pending.add(promise);
    const forget = () => void this.#pending.delete(promise);
    promise.then(forget, forget);
    this.#schedule();
    return promise;
  }

  /** Resolves when all entries added before are written or have failed. */
  async flush(): Promise<void> {
    this.#flushes += 1;
    this.#schedule();
    await Promise.allSettled(this.#pending);
    this.#flushes -= 1;
  }

  #schedule(): void {
    const { lanes, lingerMs = 0, maxEntries } = this.#options;
    if (this.#scheduled || this.#queue.length === 0 || this.#active >= lanes) return;
    if (lingerMs > 0 && this.#flushes === 0 && this.#queue.length < maxEntries) {
      this.#lingering ??= setTimeout(() => this.#scheduleNow(), lingerMs);
      return;
    }
    this.#scheduleNow();
  }

  #scheduleNow(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#writeGroup(this.#queue.splice(0, this.#options.maxEntries));
      this.#schedule();
    });
  }

  async #writeGroup(group: readonly Waiting<Entry>[]): Promise<void> {
    this.#active += 1;
    try {
      await this.#options.write(group.map(({ entry }) => entry));
      for (const { resolve } of group) resolve();
    } catch (thrown) {
      if (group.length > 1 && thrown instanceof CatenaError && thrown.class === 'fatal') await this.#writeEach(group);
      else for (const { reject } of group) reject(thrown);
    } finally {
      this.#active -= 1;
      this.#schedule();
    }
  }

  async #writeEach(group: readonly Waiting<Entry>[]): Promise<void> {
    for (const { entry, resolve, reject } of group) await this.#options.write([entry]).then(resolve, reject);
  }
}
