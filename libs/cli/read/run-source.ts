/** Runs as the reading commands see them, wherever they are. */
import type { RunSnapshot } from '../../coordination/protocol/reads.ts';
import type { RunReason } from '../../explain/reasons.ts';
import type { DeadLetter, RunCost, RunRecord, StoredEvent, StoredItem } from '../../store/port.ts';

/** How a run stands at one moment. */
export interface RunLook {
  readonly record: RunRecord;
  /** Undefined before the run is opened, and after its nodes were removed. */
  readonly snapshot: RunSnapshot | undefined;
  readonly items: number;
  /** Undefined for a run that costs nothing. */
  readonly cost: RunCost | undefined;
}

export interface Explanation {
  /** The most telling first. */
  readonly reasons: readonly RunReason[];
  /** Whether only some nodes were looked at: then numbers are lower bounds. */
  readonly sampled: boolean;
}

export interface ItemSelection {
  /** Undefined is any. */
  readonly type: string | undefined;
}

export interface RunSource {
  /** The run that a command line means: its id, the beginning of it, or `last`. Throws `cli.unknown_run`. */
  findRun(reference: string): Promise<RunRecord>;
  /** Newest first. */
  listRuns(limit: number): Promise<readonly RunRecord[]>;
  look(run: RunRecord): Promise<RunLook>;
  /** In the order of their sequence numbers; what there is now. */
  items(run: RunRecord, selection: ItemSelection): AsyncIterable<readonly StoredItem[]>;
  /** Nodes that ended in failure; of an unfinished run those so far. */
  deadLetters(run: RunRecord): AsyncIterable<DeadLetter>;
  /** What happened, in order; empty where that is not told. */
  timeline(run: RunRecord): Promise<readonly StoredEvent[]>;
  explain(run: RunRecord): Promise<Explanation>;
}
