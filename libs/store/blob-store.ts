/** A body that is kept outside its message, by the key under which its run finds it again. */
export interface BlobRef {
  readonly key: string;
  readonly sizeBytes: number;
}

/**
 * Bodies too large for a message, kept as long as their run. A key is any text; the same key of the same run is replaced.
 * A blob is whole or not there: nobody ever reads half of one.
 */
export interface BlobStore {
  /** Resolves when the bytes are kept. Throws `store.disk_full` and `store.io_error` (retryable), `store.unwritable`. */
  put(runId: string, key: string, bytes: Uint8Array): Promise<BlobRef>;
  /** Throws `store.blob_missing` (retryable: the request can be downloaded again) when there is none. */
  get(runId: string, key: string): Promise<Uint8Array>;
  /** Forgets all blobs of a run; one that has none is no error. */
  deleteRun(runId: string): Promise<void>;
}
