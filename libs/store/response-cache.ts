/**
 * The response cache: responses that are kept for a while, beyond their run. After a miss the request is sent again. Any entry
 * may be deleted before its time, and a later entry replaces an earlier one of the same key.
 */
export interface ResponseCache {
  /** Returns the entry of a key, if it is younger than `maxAgeMs` and has not expired. */
  find(key: string, maxAgeMs: number): Promise<Uint8Array | undefined>;
  /**
   * Stores bytes for a time, by the store's clock. More than {@link MAX_ANSWER_BYTES} are not stored. Beyond the bounds of the
   * cache the oldest entries are deleted.
   */
  keep(key: string, bytes: Uint8Array, ttlMs: number): Promise<void>;
  /** Deletes expired entries; returns how many there were. */
  expire(): Promise<number>;
}

/** The bounds of all entries together; 0 of either stores none. */
export interface AnswerBounds {
  readonly maxBytes: number;
  readonly maxCount: number;
}

export const MAX_ANSWER_BYTES = 512 * 1_024;

/** Whether an entry of this size may be stored at all. */
export function fits(bytes: Uint8Array, { maxBytes, maxCount }: AnswerBounds): boolean {
  return maxCount > 0 && bytes.byteLength <= Math.min(MAX_ANSWER_BYTES, maxBytes);
}
