/**
 * Blobs in JetStream's object store, one bucket per run. Deleting a bucket deletes all that was written to it, including partial
 * blobs of a killed writer, in one request for any number of blobs. In a single bucket for all runs, names are hashed into
 * subjects, so a run's blobs could only be found by listing all blobs.
 */

import { createHash } from 'node:crypto';
import {
  type ApiError,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { RecentMap } from '../../concurrency/recent-map.ts';
import type { BlobRef, BlobStore } from '../blob-store.ts';
import { blobMissing, isNothingThere, toBlobError } from './blob-error.ts';

export interface BlobBucketsOptions {
  readonly connection: NatsConnection;
  /** Separates deployments on one server; default none. */
  readonly namespace?: string;
  /** Servers that store each blob; default 1. */
  readonly replicas?: number;
  /** Timeout of an answer, in milliseconds; default 5,000. */
  readonly requestTimeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 5_000;
/** How often a reader starts again when the blob is replaced during the read. */
const MAX_READS = 5;
/** Buckets that are known to exist. */
const MAX_KNOWN = 1_000;

export class BlobBuckets implements BlobStore {
  readonly #options: BlobBucketsOptions;
  readonly #timeoutMs: number;
  readonly #objects: Objm;
  readonly #known = new RecentMap<string, Promise<ObjectStore>>(MAX_KNOWN);
  #manager: Promise<JetStreamManager> | undefined;

  constructor(options: BlobBucketsOptions) {
    this.#options = options;
    this.#timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#objects = new Objm(jetstream(options.connection, { timeout: this.#timeoutMs }));
  }

  /** Throws `store.disk_full` and `store.io_error` (both retryable). */
  async put(runId: string, key: string, bytes: Uint8Array): Promise<BlobRef> {
    const bucket = this.#bucketOf(runId);
    try {
      try {
        await this.#write(bucket, key, bytes);
      } catch (thrown) {
        // The run was just deleted, or the server lost its data.
        if (!isNothingThere(thrown)) throw thrown;
        this.#known.delete(bucket);
        await this.#write(bucket, key, bytes);
      }
    } catch (thrown) {
      throw toBlobError(thrown, bucket);
    }
    return { key, sizeBytes: bytes.byteLength };
  }

  async get(runId: string, key: string): Promise<Uint8Array> {
    const bucket = this.#bucketOf(runId);
    try {
      const store = await this.#objects.open(bucket, false);
      for (let read = 0; read < MAX_READS; read++) {
        const info = await store.info(nameOf(key));
        if (info === null || info.deleted) break;
        const bytes = await this.#read(bucket, info);
        if (bytes !== undefined) return bytes;
      }
    } catch (thrown) {
      if (!isNothingThere(thrown)) throw toBlobError(thrown, bucket);
    }
    throw blobMissing(bucket, runId, key);
  }

  async deleteRun(runId: string): Promise<void> {
    const bucket = this.#bucketOf(runId);
    this.#known.delete(bucket);
    try {
      await (await this.#streams()).delete(streamOf(bucket));
    } catch (thrown) {
      if (!isNothingThere(thrown)) throw toBlobError(thrown, bucket);
    }
  }

  async #write(bucket: string, key: string, bytes: Uint8Array): Promise<void> {
    const store = await this.#open(bucket);
    await store.putBlob({ name: nameOf(key) }, bytes);
  }

  /**
   * Reads a blob; undefined when it was replaced during the read. Each part is read from the stream directly: a consumer would
   * wait for ever for deleted parts.
   */
  async #read(bucket: string, info: ObjectInfo): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = [];
    const subject = `$O.${bucket}.C.${info.nuid}`;
    let sequence = 1;
    while (parts.length < info.chunks) {
      // The first message of the subject from that sequence on.
      const part = await this.#readPart(bucket, { seq: sequence, next_by_subj: subject });
      if (part === undefined) return undefined;
      parts.push(part.bytes);
      sequence = part.seq + 1;
    }
    const bytes = Buffer.concat(parts);
    const digest = `SHA-256=${createHash('sha256').update(bytes).digest('base64url')}`;
    return bytes.byteLength === info.size && digest === info.digest.replace(/=+$/, '') ? bytes : undefined;
  }

  /**
   * One message of a bucket's stream, by the request that the client makes too: the client decodes base64 character by character, which
   * for a large body holds the main thread up.
   */
  async #readPart(
    bucket: string,
    query: object,
  ): Promise<{ readonly seq: number; readonly bytes: Buffer } | undefined> {
    const subject = `$JS.API.STREAM.MSG.GET.${streamOf(bucket)}`;
    const asked = JSON.stringify(query);
    const answer = await this.#options.connection.request(subject, asked, { timeout: this.#timeoutMs });
    const { message, error } = JSON.parse(answer.string()) as PartAnswer;
    if (error?.err_code === JetStreamApiCodes.NoMessageFound) return undefined;
    if (error !== undefined) throw new JetStreamApiError(error);
    return { seq: message!.seq, bytes: Buffer.from(message!.data ?? '', 'base64') };
  }

  /** Opens a run's bucket, and creates it if it does not exist. */
  #open(bucket: string): Promise<ObjectStore> {
    const known = this.#known.get(bucket);
    if (known !== undefined) return known;
    const opened = this.#objects.create(bucket, { replicas: this.#options.replicas ?? 1 });
    this.#known.set(bucket, opened);
    opened.catch(() => this.#known.delete(bucket));
    return opened;
  }

  async #streams(): Promise<JetStreamManager['streams']> {
    this.#manager ??= jetstreamManager(this.#options.connection, { timeout: this.#timeoutMs, checkAPI: false });
    return (await this.#manager).streams;
  }

  /** The bucket's name: a run id may be any text, but a bucket name allows only letters, digits, hyphens and underscores. */
  #bucketOf(runId: string): string {
    const { namespace = '' } = this.#options;
    const name = /^[\w-]{1,64}$/.test(runId) ? `r-${runId}` : `h-${hashOf(runId)}`;
    return namespace === '' ? name : `${namespace}_${name}`;
  }
}

interface PartAnswer {
  readonly message?: { readonly seq: number; readonly data?: string };
  readonly error?: ApiError;
}

function streamOf(bucket: string): string {
  return `OBJ_${bucket}`;
}

/** The object's name: it must not be empty, and subjects limit its length. */
function nameOf(key: string): string {
  return /^[ -~]{1,200}$/.test(key) ? `k-${key}` : `h-${hashOf(key)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
