/** Asks the same questions again and again, and keeps how long each answer took. */
import { setTimeout as delay } from 'node:timers/promises';

/** `machine`: of a process that does nothing else, for comparison. */
export type Question = 'health' | 'status' | 'machine';

export interface Asked {
  readonly what: Question;
  /** Who is asked. */
  readonly of: string;
  /** Rejects when the answer is not the right one. */
  readonly ask: () => Promise<void>;
}

export interface Latency {
  readonly answers: number;
  /** Questions that were not answered, or wrongly, in words. */
  readonly refused: readonly string[];
  /** Nearest rank. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Who took the longest. */
  readonly slowest: string;
}

export type Latencies = Readonly<Record<Question, Latency>>;

interface Answer {
  readonly what: Question;
  readonly of: string;
  readonly tookMs: number;
  readonly refusal: string | undefined;
}

/** All of them together ask so often. */
const ASKS_PER_SECOND = 80;

export class Probes {
  readonly #stopping = new AbortController();
  readonly #answers: Answer[] = [];
  readonly #everyMs: number;
  readonly #asking: Promise<unknown>;

  constructor(asked: readonly Asked[]) {
    this.#everyMs = (1_000 * asked.length) / ASKS_PER_SECOND;
    this.#asking = Promise.all(asked.map((each) => this.#askOn(each)));
  }

  async stop(): Promise<Latencies> {
    this.#stopping.abort();
    await this.#asking;
    return { health: this.#latency('health'), status: this.#latency('status'), machine: this.#latency('machine') };
  }

  async #askOn({ what, of, ask }: Asked): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const beganMs = performance.now();
      const refusal = await ask().then(
        () => undefined,
        (error: unknown) => `${of}: ${error}`,
      );
      const tookMs = performance.now() - beganMs;
      this.#answers.push({ what, of, tookMs, refusal });
      await delay(Math.max(0, this.#everyMs - tookMs), undefined, { signal }).catch(() => undefined);
    }
  }

  #latency(question: Question): Latency {
    const all = this.#answers.filter(({ what }) => what === question);
    const sorted = all.toSorted((one, other) => one.tookMs - other.tookMs);
    const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]?.tookMs ?? Number.NaN;
    const refused = all.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal]));
    return {
      ...{ answers: all.length - refused.length, refused, slowest: sorted.at(-1)?.of ?? '' },
      ...{ p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) },
    };
  }
}
