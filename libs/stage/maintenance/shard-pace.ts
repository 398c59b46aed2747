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

interface Shard {
  pauseMs: number;
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
      ...{ pauseMs: intervalMs, nextAtMs: Number.NEGATIVE_INFINITY, warmUntilMs: Number.NEGATIVE_INFINITY },
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
    state.nextAtMs = Math.min(state.nextAtMs, nowMs + intervalMs);
  }

  /** The shard was looked at. `nextInMs`: when something is known to be due there. */
  looked(
    shard: number,
    { found, nextInMs }: { readonly found: boolean; readonly nextInMs?: number | undefined },
  ): void {
    const { monotonic, intervalMs, idleMs } = this.#options;
    const state = this.#shards[shard]!;
    const nowMs = monotonic();
    const isBusy = found || nowMs < state.warmUntilMs;
    state.pauseMs = isBusy ? intervalMs : Math.min(state.pauseMs * 2, idleMs);
    // A part of the pause at random: processes that were started together do not ask together.
    const pauseMs = isBusy ? intervalMs : state.pauseMs * (0.75 + Math.random() / 4);
    state.nextAtMs = nowMs + Math.min(pauseMs, Math.max(intervalMs, nextInMs ?? pauseMs));
  }
}
