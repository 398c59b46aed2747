/** The codes that each transition answers, by name. The numbers are the contract with the Lua scripts. */

export const RunOpenCode = { OPENED: 0, ALREADY_OPEN: 1, RUN_CLOSED: 2 } as const;

export const ClaimCode = {
  EXECUTE: 0,
  DUPLICATE_DONE: 1,
  STALE_STEP: 2,
  OUT_OF_ORDER: 3,
  LOCKED_BY_OTHER: 4,
  TERMINATED: 5,
  PAUSED: 6,
  RUN_CLOSED: 7,
} as const;

export const RenewCode = { RENEWED: 0, FENCING_REJECT: 1 } as const;

export const ReleaseCode = { RELEASED: 0, FENCING_REJECT: 1 } as const;

export const StageCode = { STAGED: 0, FENCING_REJECT: 1 } as const;

export const CommitCode = { COMMIT_OK: 0, FENCING_REJECT: 1, CAS_CONFLICT: 2, ALREADY_COMMITTED: 3 } as const;

export const CommitErrorCode = { ERROR_EMIT_OK: 0, ERROR_ALREADY_EMITTED: 1, FENCING_REJECT: 2 } as const;

export const RecoverCode = { RECOVERED: 0, NOT_EXPIRED: 1, NOT_PROCESSING: 2 } as const;

export const ReorderCode = { ENQUEUED: 0, DUPLICATE_BUFFERED: 1 } as const;

export const DecideCode = { CONTINUE: 0, RETRY_AFTER: 1, TERMINATE_MODULE: 2, TERMINATE_TASK: 3 } as const;

export const RetryCode = { RETRY_SCHEDULED: 0, RETRY_NOT_ALLOWED: 1, MAX_RETRY_EXCEEDED: 2 } as const;

export const TerminateCode = { TERMINATED: 0, ALREADY_TERMINATED: 1 } as const;

export const ControlCode = { DONE: 0, NO_CHANGE: 1, RUN_CLOSED: 2 } as const;

export const PhaseCloseCode = { CLOSED: 0, ALREADY_CLOSED: 1 } as const;

export const SettleCode = { SETTLED: 0, NOT_CLOSING: 1 } as const;

export const ReplayCode = { REPLAYED: 0, NOT_REPLAYABLE: 1, DRAINING: 2, UNKNOWN_NODE: 3 } as const;

export const PumpCode = { MOVED: 0, NOT_RELEASING: 1 } as const;

export const DrainCode = { DRAINED: 0, NOTHING_TO_DRAIN: 1 } as const;

/** One of the numbers of a code table. */
export type CodeOf<Table> = Table[keyof Table];

/** The name of a code, for logs and metrics. */
export function codeName(table: Readonly<Record<string, number>>, code: number): string {
  for (const [name, value] of Object.entries(table)) if (value === code) return name;
  return String(code);
}
