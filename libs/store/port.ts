/**
 * The store holds what outlives the coordinator's state. A task is stored before anything of it runs. Items, the end of a run and
 * its dead letters stay after the coordinator's nodes are deleted.
 */
import type { Caps, CapUse } from '../contracts/caps.ts';
import type { PriorityClass } from '../contracts/priority.ts';

/** An accepted task and the run that executes it. */
export interface RunRecord {
  readonly runId: string;
  /** The name of the task that it belongs to; its own id if it is a task of its own. */
  readonly taskId: string;
  readonly account: string;
  readonly platform: string;
  /** Module ids, `name@version`. */
  readonly modules: readonly string[];
  /** As submitted; JSON. */
  readonly input: unknown;
  /** Identifies equal submissions. */
  readonly fingerprint: string;
  /** The submitter's key: a submission of the same account with the same key is this run. */
  readonly idempotencyKey?: string;
  /** The user for whom the account submitted it, if an account serves many users; runs can be listed by it. */
  readonly user?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly priority: number;
  /** Unix milliseconds. */
  readonly deadlineAtMs: number | undefined;
  /** The cost cap, in millionths of the currency of its modules; undefined: no cap. */
  readonly costCap?: number;
  /** The most that it may do; absent without caps. */
  readonly caps?: Caps;
  /** Digests of the source files of its modules when it was accepted, by module id; of those that are known. */
  readonly code?: Readonly<Record<string, string>>;
  readonly acceptedAtMs: number;
  readonly state: 'accepted' | 'open' | 'closed';
  readonly end: RunEnd | undefined;
}

export interface RunEnd {
  readonly finishReason: 'completed' | 'capped' | 'cancelled' | 'terminated' | 'deadline' | 'rejected';
  /** Details of the reason, if any. */
  readonly detail: string;
  readonly endedAtMs: number;
  readonly done: number;
  readonly dead: number;
  readonly items: number;
  /** Undefined for a run that costs nothing. */
  readonly cost?: RunCost;
  /** What it used of its caps; absent in a run without caps. */
  readonly capUse?: CapUse;
  /**
   * Its failures by kind, the most frequent first, without nodes that only its end has ended; absent if there are none, and in ends of
   * earlier releases.
   */
  readonly failures?: readonly RunFailure[];
}

/** Failures of one kind. */
export interface RunFailure {
  readonly moduleId: string;
  readonly stepIdx: number;
  readonly code: string;
  /** Of the first of them. */
  readonly message: string;
  /** `file:line:column` of the author's code, if the failure has one. */
  readonly at?: string;
  readonly count: number;
  /** The first node that failed so. */
  readonly nodeId: string;
  /** Of that node, if it is a request. */
  readonly url?: string;
}

/** What a run has cost, in millionths of the currency of its modules. */
export interface RunCost {
  /** Cost of requests whose cost is known, from their pages or as their upper bound. */
  readonly spent: number;
  /** Reserved for requests that never reported their cost, because their process died; the money may be spent. */
  readonly reserved: number;
}

export type NewRun = Omit<RunRecord, 'state' | 'end'>;

export interface RunQuery {
  readonly limit: number;
  readonly state?: RunRecord['state'];
  readonly account?: string;
  readonly user?: string;
  /** Of the task of this name; ask for its account too. */
  readonly taskId?: string;
  readonly moduleId?: string;
  /** Of this class of priorities. */
  readonly priorityClass?: PriorityClass;
  /** Whose deadline comes before this time. */
  readonly deadlineBeforeMs?: number;
  /** The oldest first instead of the newest. */
  readonly oldestFirst?: boolean;
  /** Accepted at this time (Unix milliseconds) or later … */
  readonly acceptedFromMs?: number;
  /** … and before this one. */
  readonly acceptedBeforeMs?: number;
  /** Continues after the run with this id. */
  readonly after?: string;
  /** Skips so many of the first runs; they are read all the same. */
  readonly offset?: number;
}

/** The name of a task; it is the account's own. */
export interface TaskKey {
  readonly account: string;
  /** The `taskId` of its runs. */
  readonly name: string;
}

/** Executions that ended in a commit or a counted error, and the errors among them. */
export interface Counts {
  readonly executions: number;
  readonly errors: number;
}

/** Why runs of a task may not begin. */
export interface TaskMark {
  /** `threshold`, or who asked for it. */
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  /** The run whose errors reached the threshold; empty if an operator set the mark. */
  readonly runId: string;
}

/** A named task. It exists from the acceptance of its first run on. */
export interface TaskRecord extends TaskKey {
  /** Of its runs that have ended since it was lifted last. */
  readonly counts: Counts;
  /** Undefined while its runs may begin. */
  readonly mark: TaskMark | undefined;
  /** Until when its runs that wait are not opened, in Unix milliseconds; 0: no cool-down. */
  readonly coolsUntilMs: number;
  /** Its open runs at the same moment, the newest first; as many as were asked for. */
  readonly openRuns: readonly OpenRun[];
}

/** Which tasks to list, in the order of account and name. */
export interface TaskQuery {
  readonly limit: number;
  readonly account?: string;
  /** Only those that are marked. */
  readonly isMarked?: boolean;
  /** Goes on behind this one. */
  readonly after?: TaskKey;
}

/** An open run of a task. */
export interface OpenRun {
  readonly runId: string;
  /** Whether it counts for the task: it was opened after the last lift. */
  readonly isCounted: boolean;
}

/** What the end of a run tells its task. A run that is a task of its own tells nobody. */
export interface TaskCount extends Counts {
  readonly items: number;
  /** After so many errors in a row, in runs without any item, the task cools down until then. */
  readonly cooldown?: { readonly errors: number; readonly untilMs: number } | undefined;
}

/** An item as a parse or a compute step yielded it. */
export interface NewItem {
  readonly type: string;
  /** JSON text of the data. */
  readonly data: string;
}

/** The items of one execution: visible while the node's last commit carries this token. */
export interface ItemBatch {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
  readonly nodeId: string;
  readonly token: string;
  /** The opening of the later phases in which the execution began; default 1. */
  readonly revision?: number;
  readonly items: readonly NewItem[];
}

export interface StoredItem {
  /** Grows with every committed row of the run; from 1. */
  readonly seq: number;
  readonly moduleId: string;
  readonly type: string;
  readonly data: string;
  /** The opening of the later phases in which it was made: 1, unless they opened again. */
  readonly revision: number;
}

/** What an open request has received so far. */
export interface PartialText {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
  /** The request. */
  readonly nodeId: string;
  readonly text: string;
  /** When the end of it had arrived, in Unix milliseconds. */
  readonly receivedAtMs: number;
}

export interface PartialQuery {
  readonly runId: string;
  readonly moduleId: string;
  /** Of requests in phases before this one. */
  readonly beforePhase: number;
  readonly limit: number;
  /** Continues after the text of this request; empty: from the first. */
  readonly after: string;
}

export interface ItemQuery {
  readonly runId: string;
  /** Rows after this sequence number. */
  readonly afterSeq: number;
  readonly limit: number;
  readonly type?: string;
  /** Rows of one module in phases before this one, as a join reads them. */
  readonly join?: { readonly moduleId: string; readonly beforePhase: number };
  /** Also rows that a later revision of their node has replaced; a sink gets each revision. */
  readonly withReplaced?: boolean;
}

/** A node that failed for good, with the data to understand and replay it. */
export interface DeadLetter {
  readonly runId: string;
  readonly moduleId: string;
  readonly nodeId: string;
  readonly stepIdx: number;
  readonly phase: number;
  readonly kind: 'hop' | 'request';
  readonly reason: string;
  readonly epoch: number;
  readonly attempts: number;
  readonly crashes: number;
  readonly body: string;
  /** The recorded failure, JSON. */
  readonly error: string;
}

export interface LetterPage {
  readonly limit: number;
  /** Continues after the letter of this node. */
  readonly after?: string;
}

/** The login of an account on a platform, for modules. It is a secret: never logged, and redacted on read. */
export interface AccountRecord {
  readonly account: string;
  readonly platform: string;
  /** JSON. */
  readonly login: unknown;
  readonly updatedAtMs: number;
}

/** A foreign message, stored so that its sender can be found. */
export interface ForeignMessage {
  readonly subject: string;
  /** What was wrong with it. */
  readonly reason: string;
  /** Its first bytes, at most {@link MAX_FOREIGN_BYTES}. */
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

export const MAX_FOREIGN_BYTES = 16_384;
/** Older ones are deleted. */
export const MAX_FOREIGN_MESSAGES = 10_000;

/** What a deployment means by `name@version`. */
export interface KeptContract {
  readonly moduleId: string;
  /** Canonical JSON. */
  readonly contract: string;
  /** A digest of its source files; empty when they are not known. */
  readonly code: string;
}

export interface StoredEvent {
  /** Stable: the same transition always gives the same id. */
  readonly id: string;
  readonly type: string;
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The records of a closed run beside its items. */
export interface RunRecords {
  readonly deadLetters: AsyncIterable<DeadLetter>;
  readonly events: AsyncIterable<StoredEvent>;
  /** What only the dead letters tell about the end; called when they have been read. */
  readonly summary?: () => Pick<RunEnd, 'detail' | 'failures'>;
  /** What it counts for its task; absent if it was never opened. */
  readonly count?: TaskCount;
}

export interface Store {
  /**
   * Stores a run and returns its id, or that of the existing run: idempotent by run id, and by account and idempotency key.
   * Undefined for a new run of a task that is marked: nothing was stored.
   */
  acceptRun(run: NewRun): Promise<string | undefined>;
  /** From now on the run counts for its task by what the coordinator has, no more by an earlier end. */
  markOpen(runId: string): Promise<void>;
  findRun(runId: string): Promise<RunRecord | undefined>;
  /** Returns the newest run with this fingerprint. */
  findRunByFingerprint(fingerprint: string): Promise<RunRecord | undefined>;
  /** Lists runs, newest first: by the time of acceptance, then by arrival. Throws `store.unknown_run` when `after` is unknown. */
  listRuns(query: RunQuery): Promise<readonly RunRecord[]>;
  /** Counts the runs in a state, up to a number; its cost follows that number. */
  countRuns(state: RunRecord['state'], atMost: number): Promise<number>;
  /** Lists closed runs that ended before a time and are not marked as expired, oldest first. */
  listExpiring(endedBeforeMs: number, limit: number): Promise<readonly string[]>;
  /** Records that the nodes of a closed run are deleted. */
  markExpired(runId: string): Promise<void>;
  /** Counts the nodes of the closed runs that are not marked as expired, as their ends say. */
  countKeptNodes(): Promise<number>;
  /** Lists runs that are marked as expired and ended before a time, oldest first. */
  listExpired(endedBeforeMs: number, limit: number): Promise<readonly string[]>;
  /**
   * Deletes up to `limit` rows of each kind of an expired run: items, dead letters, timeline; and at last the run itself, whose
   * idempotency key is free again. Returns whether anything is left. Idempotent; does nothing to a run that is not expired.
   */
  deleteRun(runId: string, limit: number): Promise<boolean>;
  /** Reads visible items, in the order of their sequence numbers. */
  readItems(query: ItemQuery): Promise<readonly StoredItem[]>;
  countItems(runId: string): Promise<number>;
  /**
   * Whether rows up to this sequence number are no longer visible, so that a reader must start over. `withReplaced`: for a reader
   * that also gets the rows that a later revision has replaced.
   */
  hasWithdrawnItems(runId: string, upToSeq: number, withReplaced?: boolean): Promise<boolean>;
  /** Keeps what an open request has received so far; a shorter text, of a later attempt, does not replace a longer one. Idempotent. */
  savePartial(partial: PartialText): Promise<void>;
  /** Reads such texts in the order of their requests' ids, also of requests that have ended since. Closing a run deletes them. */
  listPartials(query: PartialQuery): Promise<readonly PartialText[]>;
  /**
   * Writes the end of a run: its dead letters and its timeline; deletes items that never committed; and writes its row last,
   * together with what it counts for its task: once, however often it is closed, and only if it was opened after the last lift.
   * Idempotent.
   */
  closeRun(runId: string, end: RunEnd, records: RunRecords): Promise<void>;
  /** Reads the timeline of a closed run, in order. */
  listEvents(runId: string): Promise<readonly StoredEvent[]>;
  /** Reads dead letters in the order of their nodes' ids; without a page all of them. */
  listDeadLetters(runId: string, page?: LetterPage): Promise<readonly DeadLetter[]>;
  /** Discards letters for good: closing the run again does not restore them. Returns how many there were. */
  discardDeadLetters(runId: string, nodeIds: readonly string[]): Promise<number>;
  /** Returns how far a file follows a run's items. */
  findExport(runId: string, path: string): Promise<ExportOffset | undefined>;
  saveExport(runId: string, path: string, offset: ExportOffset): Promise<void>;
  /** Returns a named task with its newest open runs, at most so many. */
  findTask(task: TaskKey, openRuns: number): Promise<TaskRecord | undefined>;
  /**
   * Marks a task; returns false when it is unknown or marked already, or when the run that the mark names was opened before the
   * task was lifted last.
   */
  markTask(task: TaskKey, mark: TaskMark): Promise<boolean>;
  /** Tasks, with at most so many of their newest open runs each. */
  listTasks(query: TaskQuery, openRuns: number): Promise<readonly TaskRecord[]>;
  /**
   * Takes mark and cool-down away, and lets the counts begin at 0: runs that are open do not count any more. Returns false when there
   * was nothing to take away.
   */
  liftTask(task: TaskKey): Promise<boolean>;
  /** Marked tasks that may have open runs, with at most so many of them each. */
  listEndingTasks(limit: number, openRuns: number): Promise<readonly TaskRecord[]>;
  /** Takes a marked task from that list, if it has no open run. */
  endedTask(task: TaskKey): Promise<void>;
  /** Adds an account of a platform, or replaces it. */
  putAccount(account: AccountRecord): Promise<void>;
  getAccount(account: string, platform: string): Promise<AccountRecord | undefined>;
  /** Keeps the contract of a module unless one is kept already, and returns the kept one. */
  keepContract(contract: KeptContract): Promise<KeptContract>;
  /** Replaces the kept contract if it is still the given one; returns whether it was. */
  replaceContract(before: KeptContract, now: KeptContract): Promise<boolean>;
  keepForeignMessage(message: ForeignMessage): Promise<void>;
  /** Newest first. */
  listForeignMessages(limit: number): Promise<readonly ForeignMessage[]>;
}

/**
 * Items of a store that does not share the coordinator's transactions. Rows are inserted before the commit, and confirmed after
 * the coordinator has accepted it; a confirmed row gets its sequence number.
 */
export interface ConfirmedItems {
  /** Inserts hidden rows, once each. A batch without items inserts a marker, for a commit without items. */
  insertItems(batches: readonly ItemBatch[]): Promise<void>;
  /**
   * Makes the rows of commits visible, and hides the nodes' earlier rows; the last confirmation of a node in a call counts.
   * Returns the refused nodes, whose visible rows are not those that the confirmation replaces.
   */
  confirmItems(runId: string, confirmations: readonly Confirmation[]): Promise<readonly string[]>;
  /** Lists executions with hidden rows, by node and token: running, dead, or committed but not confirmed. */
  listUnconfirmed(runId: string, limit: number, after?: ExecutionRows): Promise<readonly UnconfirmedRows[]>;
}

/** The visible rows of such a store, for an audit after the coordinator has lost commits. */
export interface ShownItems {
  /** Lists the executions of the last `limit` visible rows before a sequence number; default: of the last ones. */
  listShown(runId: string, limit: number, beforeSeq?: number): Promise<ShownPage>;
  /** Hides the rows of executions whose commits the coordinator has lost. Readers that had them start over. Idempotent. */
  withdrawItems(runId: string, executions: readonly ExecutionRows[]): Promise<void>;
}

/** Visible rows of an execution. */
export interface ShownRows extends ExecutionRows {
  readonly moduleId: string;
  readonly phase: number;
}

/** Visible rows, the newest first. */
export interface ShownPage {
  readonly executions: readonly ShownRows[];
  /** The lowest sequence number on the page; undefined when there are no more rows. */
  readonly lowestSeq: number | undefined;
}

/** The rows of one execution. */
export interface ExecutionRows {
  readonly nodeId: string;
  readonly token: string;
}

export interface Confirmation extends ExecutionRows {
  /** The token of the node's earlier commit, or empty; only rows of this token may be replaced. */
  readonly replaces: string;
}

export interface UnconfirmedRows extends ExecutionRows {
  readonly moduleId: string;
  readonly phase: number;
  /** The token of the node's visible rows; empty if none. */
  readonly shown: string;
}

export interface ExportOffset {
  readonly seq: number;
  readonly bytes: number;
  readonly rows: number;
  /** JSON that the writer needs to continue: a CSV file's columns. */
  readonly layout: string;
}
