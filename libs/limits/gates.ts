import type { KeyLimits, LimitsByKey } from './limiter.ts';

/** With fewer keys, idle ones are not dropped. */
const MIN_SWEEP_SIZE = 1_024;

/** The gates of a limiter by key: created on first use, dropped when idle; and the limits of keys. */
export class Gates<Gate extends { setLimits(limits: KeyLimits): void }> {
  readonly #gates = new Map<string, Gate>();
  readonly #overrides: ReadonlyMap<string, Partial<KeyLimits>>;
  /** Limits set by callers; dropped with their gate, because some belong to one run. */
  readonly #callerLimits = new Map<string, Partial<KeyLimits>>();
  readonly #defaults: KeyLimits;
  readonly #open: (key: string, limits: KeyLimits) => Gate;
  readonly #isForgettable: (gate: Gate) => boolean;
  #sweepAtSize = MIN_SWEEP_SIZE;

  constructor(
    { defaults, overrides = {} }: LimitsByKey,
    open: (key: string, limits: KeyLimits) => Gate,
    isForgettable: (gate: Gate) => boolean,
  ) {
    this.#defaults = defaults;
    this.#overrides = new Map(Object.entries(overrides));
    this.#open = open;
    this.#isForgettable = isForgettable;
  }

  get size(): number {
    return this.#gates.size;
  }

  /** All gates by key. */
  [Symbol.iterator](): IterableIterator<[string, Gate]> {
    return this.#gates.entries();
  }

  find(key: string): Gate | undefined {
    return this.#gates.get(key);
  }

  of(key: string): Gate {
    let gate = this.#gates.get(key);
    if (gate === undefined) {
      if (this.#gates.size >= this.#sweepAtSize) this.#sweep();
      gate = this.#open(key, this.limitsOf(key));
      this.#gates.set(key, gate);
    }
    return gate;
  }

  setLimits(key: string, limits: Partial<KeyLimits>): void {
    this.#callerLimits.set(key, limits);
    this.#gates.get(key)?.setLimits(this.limitsOf(key));
  }

  /** The limits of a key: its own over the defaults. */
  limitsOf(key: string): KeyLimits {
    const own = this.#callerLimits.get(key) ?? this.#overrides.get(key);
    return own === undefined ? this.#defaults : { ...this.#defaults, ...own };
  }

  /** Drops idle keys. It runs again when the number of keys has doubled, which spreads its cost. */
  #sweep(): void {
    for (const [key, gate] of this.#gates) {
      if (!this.#isForgettable(gate)) continue;
      this.#gates.delete(key);
      this.#callerLimits.delete(key);
    }
    this.#sweepAtSize = Math.max(MIN_SWEEP_SIZE, 2 * this.#gates.size);
  }
}
