/** The source of runs for the reading commands: a file or a server. */
import type { RunSnapshot } from '../../coordination/protocol/reads.ts';
import type { Overview } from '../../explain/overview.ts';
import type { RunReason } from '../../explain/reasons.ts';
import type {
  DeadLetter,
  RunCost,
  RunRecord,
  StoredEvent,
  StoredItem,
  TaskKey,
  TaskQuery,
  TaskRecord,
} from '../../store/port.ts';

/** The state of a run at one moment. */
export interface RunLook {
  readonly record: RunRecord;
  /** Undefined before the run is opened, and after its nodes were removed. */
  readonly snapshot: RunSnapshot | undefined;
  readonly items: number;
  /** Undefined for a run that costs nothing. */
  readonly cost: RunCost | undefined;
}

export interface Explanation {
  /** The most important first. */
  readonly reasons: readonly RunReason[];
  /** Whether only some nodes were read: then the numbers are lower bounds. */
  readonly sampled: boolean;
}

/** A named task; shown alone, its counts are those of its ended and open runs. */
export interface ShownTask extends Omit<TaskRecord, 'openRuns'> {
  /** Their ids, the newest first. */
  readonly openRuns: readonly string[];
}

export interface ItemSelection {
  /** Undefined means any. */
  readonly type: string | undefined;
  /** Also rows that a later revision has replaced. */
  readonly withReplaced?: boolean;
}

export interface RunSource {
  /** Finds the run that a command line names: by its id, the beginning of an id, or `last`. Throws `cli.unknown_run`. */
  findRun(reference: string): Promise<RunRecord>;
  /** Newest first; all, or those of a task. */
  listRuns(limit: number, task?: TaskKey): Promise<readonly RunRecord[]>;
  /** A named task; undefined when it is unknown. */
  task(key: TaskKey): Promise<ShownTask | undefined>;
  /** Named tasks, with the counts and cool-downs of their ended runs alone. */
  tasks(query: TaskQuery): Promise<readonly ShownTask[]>;
  look(run: RunRecord): Promise<RunLook>;
  /** In the order of their sequence numbers; those that exist now. */
  items(run: RunRecord, selection: ItemSelection): AsyncIterable<readonly StoredItem[]>;
  /** Nodes that ended in failure; for an unfinished run those so far. */
  deadLetters(run: RunRecord): AsyncIterable<DeadLetter>;
  /** The timeline, in order; empty if the source has none. */
  timeline(run: RunRecord): Promise<readonly StoredEvent[]>;
  explain(run: RunRecord): Promise<Explanation>;
  /** All runs at this moment. */
  overview(): Promise<Overview>;
}
