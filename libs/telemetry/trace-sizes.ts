import { RecentMap } from '../concurrency/recent-map.ts';

/** Runs whose nodes are counted. */
const COUNTED_RUNS = 256;

/** A run with more nodes is split into several traces. */
export const NODES_PER_TRACE = 1_000;

/** Counts the nodes of each run that began in this process, to tell when its trace would be too large to be read. */
export class TraceSizes {
  readonly #most: number;
  readonly #nodes = new RecentMap<string, number>(COUNTED_RUNS);

  constructor(most = NODES_PER_TRACE) {
    this.#most = most;
  }

  /** Counts a node; whether its run had as many before as one trace may have. */
  isLarge(runId: string): boolean {
    const before = this.#nodes.get(runId) ?? 0;
    if (before >= this.#most) return true;
    this.#nodes.set(runId, before + 1);
    return false;
  }
}
