import type { Progress } from './progress.ts';

/** What a run does per second, over the last seconds. */
export interface Speed {
  readonly pagesPerSecond: number;
  readonly nodesPerSecond: number;
  /** How long what is known now takes at this speed; undefined while that cannot be said. */
  readonly knownWorkMs: number | undefined;
}

const WINDOW_MS = 5_000;
/** A speed measured over less than this says nothing about what is left. */
const SETTLED_MS = 3_000;

/** Speeds from successive readings. */
export class SpeedGauge {
  readonly #readings: Progress[] = [];

  take(reading: Progress): Speed {
    this.#readings.push(reading);
    while (this.#readings.length > 2 && this.#readings[1]!.atMs <= reading.atMs - WINDOW_MS) this.#readings.shift();
    const first = this.#readings[0]!;
    const spanMs = reading.atMs - first.atMs;
    if (spanMs <= 0) return { pagesPerSecond: 0, nodesPerSecond: 0, knownWorkMs: undefined };
    const perSecond = (count: number): number => (Math.max(0, count) / spanMs) * 1_000;
    const nodesPerSecond = perSecond(reading.done - first.done + reading.failed - first.failed);
    const isSettled = spanMs >= SETTLED_MS && nodesPerSecond > 0 && reading.open > 0;
    return {
      pagesPerSecond: perSecond(reading.pages - first.pages),
      nodesPerSecond,
      knownWorkMs: isSettled ? (reading.open / nodesPerSecond) * 1_000 : undefined,
    };
  }
}
