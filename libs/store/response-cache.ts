/**
 * Answers that outlive the run that asked, for a while. It is a cache: whoever does not find asks again, any entry may go
 * before its time, and of two that are kept under one key the later one stays.
 */
export interface ResponseCache {
  /** What was kept under a key less than so long ago, if its own time has not run out. */
  find(key: string, maxAgeMs: number): Promise<Uint8Array | undefined>;
  /**
   * Keeps bytes for so long from now on, by the store's clock. More than {@link MAX_ANSWER_BYTES} are not kept; beyond the
   * bounds of the store the longest kept go first.
   */
  keep(key: string, bytes: Uint8Array, ttlMs: number): Promise<void>;
  /** Forgets what has run out; answers how many there were. */
  expire(): Promise<number>;
}

/** What all answers together may take; 0 of either keeps none. */
export interface AnswerBounds {
  readonly maxBytes: number;
  readonly maxCount: number;
}

export const MAX_ANSWER_BYTES = 512 * 1_024;

/** Whether an answer may be kept at all. */
export function fits(bytes: Uint8Array, { maxBytes, maxCount }: AnswerBounds): boolean {
  return maxCount > 0 && bytes.byteLength <= Math.min(MAX_ANSWER_BYTES, maxBytes);
}
