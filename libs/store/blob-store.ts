/** A body that is stored outside its message, by its key within the run. */
export interface BlobRef {
  readonly key: string;
  readonly sizeBytes: number;
}

/**
 * Bodies too large for a message, kept as long as their run. A key is any text; writing the same key of a run again replaces the
 * blob. Writes are atomic: nobody reads a partial blob.
 */
export interface BlobStore {
  /** Resolves when the bytes are stored. Throws `store.disk_full` and `store.io_error` (retryable), `store.unwritable`. */
  put(runId: string, key: string, bytes: Uint8Array): Promise<BlobRef>;
  /** Throws `store.blob_missing` (retryable: the request can be downloaded again) when there is none. */
  get(runId: string, key: string): Promise<Uint8Array>;
  /** Deletes all blobs of a run, if any. */
  deleteRun(runId: string): Promise<void>;
}
