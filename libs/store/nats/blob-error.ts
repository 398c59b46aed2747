import { JetStreamApiError } from '@nats-io/jetstream';
import { errors, RequestError } from '@nats-io/transport-node';
import { CatenaError } from '../../errors/catena-error.ts';

/** Codes of the JetStream API. */
const STREAM_NOT_FOUND = 10_059;
const MESSAGE_NOT_FOUND = 10_037;
const STORAGE_EXCEEDED: readonly number[] = [10_023, 10_047];
const STORE_FAILED = 10_077;

/** Whether a bucket or its object does not exist. A part published to a deleted bucket has no responder. */
export function isNothingThere(thrown: unknown): boolean {
  if (thrown instanceof JetStreamApiError) return thrown.code === STREAM_NOT_FOUND || thrown.code === MESSAGE_NOT_FOUND;
  if (thrown instanceof errors.NoRespondersError) return true;
  return thrown instanceof Error && thrown.cause instanceof RequestError && thrown.cause.isNoResponders();
}

export function blobMissing(bucket: string, runId: string, key: string): CatenaError {
  return new CatenaError('store.blob_missing', `bucket ${bucket} holds no such blob`, {
    class: 'retryable',
    data: { bucket, runId, key },
    remedy: 'nothing: the request is downloaded again',
  });
}

/** Converts an error of the object store to a CatenaError with the bucket and a remedy. */
export function toBlobError(thrown: unknown, bucket: string): CatenaError {
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  const about = { cause: thrown, data: { bucket }, class: 'retryable' } as const;
  const code = thrown instanceof JetStreamApiError ? thrown.code : undefined;
  const isFull = code === STORE_FAILED && /exceeded|no space/.test(detail);
  if (isFull || (code !== undefined && STORAGE_EXCEEDED.includes(code))) {
    return new CatenaError('store.disk_full', `JetStream has no space left for bucket ${bucket} (${detail})`, {
      ...about,
      remedy: 'raise max_file_store of nats-server or free some space; Catena retries by itself',
    });
  }
  return new CatenaError('store.io_error', `reading or writing bucket ${bucket} failed (${detail})`, {
    ...about,
    remedy: 'check that nats-server runs with JetStream and can be reached; Catena retries by itself',
  });
}
