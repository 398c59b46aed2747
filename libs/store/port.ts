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
  /** Tells submissions of the same work apart from other work: the idempotency key. */
  readonly fingerprint: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly priority: number;
  /** Unix milliseconds. */
  readonly deadlineAtMs: number | undefined;
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
}

export type NewRun = Omit<RunRecord, 'state' | 'end'>;

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
  /** Grows with every committed row of the store. */
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
  /** Idempotent by run id. */
  acceptRun(run: NewRun): Promise<void>;
  markOpen(runId: string): Promise<void>;
  findRun(runId: string): Promise<RunRecord | undefined>;
  /** The newest run of a piece of work. */
  findRunByFingerprint(fingerprint: string): Promise<RunRecord | undefined>;
  /** Newest first. */
  listRuns(query: { readonly limit: number; readonly state?: RunRecord['state'] }): Promise<readonly RunRecord[]>;
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
  settleRun(runId: string, end: RunEnd, records: RunRecords): Promise<void>;
  /** The timeline of a closed run, in order. */
  listEvents(runId: string): Promise<readonly StoredEvent[]>;
  listDeadLetters(runId: string): Promise<readonly DeadLetter[]>;
  /** How far a file follows a run's items. */
  findExport(runId: string, path: string): Promise<ExportOffset | undefined>;
  saveExport(runId: string, path: string, offset: ExportOffset): Promise<void>;
}

export interface ExportOffset {
  readonly seq: number;
  readonly bytes: number;
  readonly rows: number;
  /** What the writer needs to go on, JSON: a CSV file's columns. */
  readonly layout: string;
}
