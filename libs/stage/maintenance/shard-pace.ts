/**
 * When a process looks at each shard: in every round while something happens there, and ever more seldom once nothing does. Without
 * it every idle process would ask Redis for each of its shards many times a second.
 */
export interface ShardPaceOptions {
  readonly shards: number;
  /** The pause after a look at a shard in which something happens, in milliseconds. */
  readonly intervalMs: number;
  /** The longest pause; the same as `intervalMs` turns the pace off. */
  readonly idleMs: number;
  /** A shard counts as busy for so long after something happened there; default 10 seconds. */
  readonly warmMs?: number;
  /** A clock that never jumps, in milliseconds. */
  readonly monotonic: () => number;
}

const WARM_MS = 10_000;

/** The longest pause after a failure. */
const MOST_FAILED_MS = 2_000;

interface Shard {
  pauseMs: number;
  /** Nobody looks before, whatever happens there; the pause that led to it. */
  restsUntilMs: number;
  restMs: number;
  nextAtMs: number;
  warmUntilMs: number;
}

export class ShardPace {
  readonly #options: ShardPaceOptions;
  readonly #shards: readonly Shard[];

  constructor(options: ShardPaceOptions) {
    this.#options = options;
    const { intervalMs } = options;
    this.#shards = Array.from({ length: options.shards }, () => ({
      ...{ pauseMs: intervalMs, restMs: 0 },
      ...{ nextAtMs: Number.NEGATIVE_INFINITY, warmUntilMs: Number.NEGATIVE_INFINITY },
      restsUntilMs: Number.NEGATIVE_INFINITY,
    }));
  }

  /** The shards to look at now. */
  due(): number[] {
    const nowMs = this.#options.monotonic();
    return this.#shards.flatMap(({ nextAtMs }, shard) => (nextAtMs <= nowMs ? [shard] : []));
  }

  /** Something happens in the shard: a run of it is worked on here. */
  touch(shard: number): void {
    const { monotonic, intervalMs, warmMs = WARM_MS } = this.#options;
    const state = this.#shards[shard]!;
    const nowMs = monotonic();
    state.warmUntilMs = nowMs + warmMs;
    state.pauseMs = intervalMs;
    state.nextAtMs = Math.max(state.restsUntilMs, Math.min(state.nextAtMs, nowMs + intervalMs));
  }

  /** The shard could not be looked at: it is asked again after a pause, which is doubled each time. */
  failed(shard: number): void {
    const { monotonic, intervalMs } = this.#options;
    const state = this.#shards[shard]!;
    state.restMs = Math.min(Math.max(state.restMs * 2, intervalMs), MOST_FAILED_MS);
    state.restsUntilMs = monotonic() + state.restMs;
    state.nextAtMs = state.restsUntilMs;
  }

  /** The shard was looked at. `nextInMs`: when something is known to be due there. */
  looked(
    shard: number,
    { found, nextInMs }: { readonly found: boolean; readonly nextInMs?: number | undefined },
  ): void {
    const { monotonic, intervalMs, idleMs } = this.#options;
    const state = this.#shards[shard]!;
    const nowMs = monotonic();
    state.restMs = 0;
    const isBusy = found || nowMs < state.warmUntilMs;
    state.pauseMs = isBusy ? intervalMs : Math.min(state.pauseMs * 2, idleMs);
    // A part of the pause at random: processes that were started together do not ask together.
    const pauseMs = isBusy ? intervalMs : state.pauseMs * (0.75 + Math.random() / 4);
    state.nextAtMs = nowMs + Math.min(pauseMs, Math.max(intervalMs, nextInMs ?? pauseMs));
  }
}
