import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CatenaError } from '../errors/catena-error.ts';
import type { BlobRef, BlobStore } from './blob-store.ts';

export interface BlobDirectoryOptions {
  /** Created with the first blob. */
  readonly path: string;
  /** `process`: a blob survives any end of the process. `power`: also a power failure, at the cost of a disk sync each. */
  readonly durability?: 'process' | 'power';
}

/** Blobs as files, one folder per run. A file is written under a temporary name and then renamed. */
export class BlobDirectory implements BlobStore {
  readonly #path: string;
  readonly #isSynced: boolean;

  constructor(options: BlobDirectoryOptions) {
    this.#path = options.path;
    this.#isSynced = options.durability === 'power';
  }

  async put(runId: string, key: string, bytes: Uint8Array): Promise<BlobRef> {
    const folder = this.#folderOf(runId);
    try {
      // The folder exists, except for a run's first blob, or when the run was just deleted.
      await this.#write(folder, fileName(key), bytes).catch(async (thrown: unknown) => {
        if (codeOf(thrown) !== 'ENOENT') throw thrown;
        await mkdir(folder, { recursive: true });
        await this.#write(folder, fileName(key), bytes);
      });
    } catch (thrown) {
      throw toBlobError(thrown, folder);
    }
    return { key, sizeBytes: bytes.byteLength };
  }

  async get(runId: string, key: string): Promise<Uint8Array> {
    const path = join(this.#folderOf(runId), fileName(key));
    try {
      return await readFile(path);
    } catch (thrown) {
      throw codeOf(thrown) === 'ENOENT' ? missing(path, runId, key) : toBlobError(thrown, path);
    }
  }

  async deleteRun(runId: string): Promise<void> {
    const folder = this.#folderOf(runId);
    try {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch (thrown) {
      throw toBlobError(thrown, folder);
    }
  }

  #folderOf(runId: string): string {
    return join(this.#path, fileName(runId));
  }

  async #write(folder: string, name: string, bytes: Uint8Array): Promise<void> {
    const draft = join(folder, `.${randomUUID()}.draft`);
    const file = await open(draft, 'wx');
    try {
      try {
        await file.writeFile(bytes);
        if (this.#isSynced) await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(folder, name));
    } catch (thrown) {
      await rm(draft, { force: true }).catch(() => {});
      throw thrown;
    }
  }
}

/**
 * A name that is safe in any file system: the text itself if it is short and plain, else its hash. The dot distinguishes the two
 * kinds. Names with capital letters are hashed, because some file systems ignore case.
 */
function fileName(text: string): string {
  if (/^[a-z0-9_-]{1,100}$/.test(text)) return text;
  return `h.${createHash('sha256').update(text).digest('hex')}`;
}

/** Converts an error of the file system to a CatenaError with the path and a remedy. */
export function toBlobError(thrown: unknown, path: string): CatenaError {
  const about = { cause: thrown, data: { path } };
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  switch (codeOf(thrown)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new CatenaError('store.disk_full', `no space left while writing to ${path}`, {
        ...about,
        class: 'retryable',
        remedy: 'free some space and run the same command again: it resumes, nothing is lost',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
      return new CatenaError('store.unwritable', `${path} cannot be written to (${detail})`, {
        ...about,
        remedy: 'check that it is a folder, or can become one, and may be written to',
      });
    default:
      return new CatenaError('store.io_error', `reading or writing in ${path} failed (${detail})`, {
        ...about,
        class: 'retryable',
        remedy: 'check the disk, then run the same command again: it resumes',
      });
  }
}

function missing(path: string, runId: string, key: string): CatenaError {
  return new CatenaError('store.blob_missing', `${path} is not there`, {
    class: 'retryable',
    data: { path, runId, key },
    remedy: 'nothing: the request is downloaded again',
  });
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
}
