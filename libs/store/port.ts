/**
 * The store: what outlives the chain's working state. A task stands here before anything of it runs; items, the end of a
 * run and its dead letters stand here when the coordinator's nodes are long gone.
 */

/** An accepted task and the run that executes it. */
export interface RunRecord {
  readonly runId: string;
  readonly taskId: string;
  readonly account: string;
  readonly platform: string;
  /** Module ids, `name@version`. */
  readonly modules: readonly string[];
  /** As submitted; JSON. */
  readonly input: unknown;
  /** What makes two submissions the same work. */
  readonly fingerprint: string;
  /** The submitter's name for this submission: one of the same account with the same key is this run. */
  readonly idempotencyKey?: string;
  /** For whom the account submitted it, where an account serves many; runs are found by it. */
  readonly user?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly priority: number;
  /** Unix milliseconds. */
  readonly deadlineAtMs: number | undefined;
  /** The most that it may cost, in millionths of the currency of its modules; undefined: any amount. */
  readonly costCap?: number;
  readonly acceptedAtMs: number;
  readonly state: 'accepted' | 'open' | 'closed';
  readonly end: RunEnd | undefined;
}

export interface RunEnd {
  readonly finishReason: 'completed' | 'cancelled' | 'terminated' | 'deadline' | 'rejected';
  /** In words, where the reason alone does not say it. */
  readonly detail: string;
  readonly endedAtMs: number;
  readonly done: number;
  readonly dead: number;
  readonly items: number;
  /** Undefined for a run that costs nothing. */
  readonly cost?: RunCost;
}

/** What a run has cost, in millionths of the currency of its modules. */
export interface RunCost {
  /** Of requests whose cost is known, from their pages or as their upper bound. */
  readonly spent: number;
  /** Set aside for requests that never told what they cost, since their process died with them: it may be gone. */
  readonly reserved: number;
}

export type NewRun = Omit<RunRecord, 'state' | 'end'>;

export interface RunQuery {
  readonly limit: number;
  readonly state?: RunRecord['state'];
  readonly account?: string;
  readonly user?: string;
  readonly moduleId?: string;
  /** Accepted at this time (Unix milliseconds) or later … */
  readonly acceptedFromMs?: number;
  /** … and before this one. */
  readonly acceptedBeforeMs?: number;
  /** Continue behind the run with this id. */
  readonly after?: string;
  /** Leaves out so many of the first; they are read all the same. */
  readonly offset?: number;
}

/** An item as a parse or a compute step yielded it. */
export interface NewItem {
  readonly type: string;
  /** JSON text of the data. */
  readonly data: string;
}

/** The items of one execution: visible once, and as long as, the node's last commit carries this token. */
export interface ItemBatch {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
  readonly nodeId: string;
  readonly token: string;
  readonly items: readonly NewItem[];
}

export interface StoredItem {
  /** Grows with every committed row of the run; from 1. */
  readonly seq: number;
  readonly moduleId: string;
  readonly type: string;
  readonly data: string;
}

export interface ItemQuery {
  readonly runId: string;
  /** Rows behind this sequence number. */
  readonly afterSeq: number;
  readonly limit: number;
  readonly type?: string;
  /** Rows of phases before this one, of one module: what a join reads. */
  readonly join?: { readonly moduleId: string; readonly beforePhase: number };
}

/** A node that ended in failure, with what is needed to understand and to replay it. */
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
  /** Continue behind the letter of this node. */
  readonly after?: string;
}

/** How a module logs in to a platform as an account. The login is a secret: it is never logged, and redacted on read. */
export interface AccountRecord {
  readonly account: string;
  readonly platform: string;
  /** JSON. */
  readonly login: unknown;
  readonly updatedAtMs: number;
}

/** A message that was not understood, kept so that somebody can find out who sends it. */
export interface ForeignMessage {
  readonly subject: string;
  /** What was wrong with it. */
  readonly reason: string;
  /** Its beginning, at most {@link MAX_FOREIGN_BYTES}. */
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

export const MAX_FOREIGN_BYTES = 16_384;
/** Older ones are forgotten. */
export const MAX_FOREIGN_MESSAGES = 10_000;

export interface StoredEvent {
  /** Stable: the same transition always gives the same. */
  readonly id: string;
  readonly type: string;
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a run leaves behind beside its items. */
export interface RunRecords {
  readonly deadLetters: AsyncIterable<DeadLetter>;
  readonly events: AsyncIterable<StoredEvent>;
}

export interface Store {
  /** Answers the id of the run that stands: idempotent by run id, and by account and idempotency key. */
  acceptRun(run: NewRun): Promise<string>;
  markOpen(runId: string): Promise<void>;
  findRun(runId: string): Promise<RunRecord | undefined>;
  /** The newest run of a piece of work. */
  findRunByFingerprint(fingerprint: string): Promise<RunRecord | undefined>;
  /** Newest first: by the time of acceptance, then by arrival. Throws `store.unknown_run` when `after` is none. */
  listRuns(query: RunQuery): Promise<readonly RunRecord[]>;
  /** Closed runs that ended before a time and were not yet marked as expired, the longest ended first. */
  listExpiring(endedBeforeMs: number, limit: number): Promise<readonly string[]>;
  /** The nodes of a closed run are gone. */
  markExpired(runId: string): Promise<void>;
  /** Visible items, in the order of their sequence numbers. */
  readItems(query: ItemQuery): Promise<readonly StoredItem[]>;
  countItems(runId: string): Promise<number>;
  /** Rows up to this sequence number that were visible once and are not any more: what followed them must start over. */
  hasWithdrawnItems(runId: string, upToSeq: number): Promise<boolean>;
  /**
   * Writes the end of a run: its dead letters, its timeline, the pruning of items that never committed, and last its row.
   * Idempotent.
   */
  closeRun(runId: string, end: RunEnd, records: RunRecords): Promise<void>;
  /** The timeline of a closed run, in order. */
  listEvents(runId: string): Promise<readonly StoredEvent[]>;
  /** In the order of their nodes' ids; without a page all of them. */
  listDeadLetters(runId: string, page?: LetterPage): Promise<readonly DeadLetter[]>;
  /** Forgets letters for good: closing the run again does not bring them back. Answers how many there were. */
  discardDeadLetters(runId: string, nodeIds: readonly string[]): Promise<number>;
  /** How far a file follows a run's items. */
  findExport(runId: string, path: string): Promise<ExportOffset | undefined>;
  saveExport(runId: string, path: string, offset: ExportOffset): Promise<void>;
  /** Adds an account of a platform, or replaces it. */
  putAccount(account: AccountRecord): Promise<void>;
  getAccount(account: string, platform: string): Promise<AccountRecord | undefined>;
  keepForeignMessage(message: ForeignMessage): Promise<void>;
  /** Newest first. */
  listForeignMessages(limit: number): Promise<readonly ForeignMessage[]>;
}

/**
 * Items of a store that stands beside the coordinator instead of sharing its transactions. Rows are inserted before the
 * commit, the coordinator decides, and what it decided is confirmed here: then a row gets its sequence number.
 */
export interface ConfirmedItems {
  /** Inserts rows that nobody sees yet, once each. A batch without items leaves a marker, for a commit without items. */
  insertItems(batches: readonly ItemBatch[]): Promise<void>;
  /**
   * Shows the rows that nodes committed with, and withdraws those that they showed before; the last confirmation of a node
   * in a call counts. Answers the nodes that were refused: they show rows that this confirmation does not know of.
   */
  confirmItems(runId: string, confirmations: readonly Confirmation[]): Promise<readonly string[]>;
  /** Executions with rows that are not shown, by node and token: in flight, dead, committed and never confirmed. */
  listUnconfirmed(runId: string, limit: number, after?: ExecutionRows): Promise<readonly UnconfirmedRows[]>;
}

/** The rows of one execution. */
export interface ExecutionRows {
  readonly nodeId: string;
  readonly token: string;
}

export interface Confirmation extends ExecutionRows {
  /** The token that the node had committed with before, empty if none: only rows of this one may be replaced. */
  readonly replaces: string;
}

export interface UnconfirmedRows extends ExecutionRows {
  readonly moduleId: string;
  readonly phase: number;
  /** The token whose rows the node shows now; empty if none. */
  readonly shown: string;
}

export interface ExportOffset {
  readonly seq: number;
  readonly bytes: number;
  readonly rows: number;
  /** What the writer needs to go on, JSON: a CSV file's columns. */
  readonly layout: string;
}
