import { hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { outputError, unwritable } from './output-error.ts';
import type { Sink } from './sink.ts';

/** This many bytes before an offset are hashed: enough to recognise another file, or an edit near the end. */
const LOOK_BACK_BYTES = 4_096;

/** A regular file, created if it does not exist. Its content stays until something is written or cut. */
export class FileSink implements Sink {
  readonly name: string;
  readonly isFile: boolean;
  readonly #file: FileHandle;
  #end = 0;
  #closed: Promise<void> | undefined;

  private constructor(name: string, file: FileHandle, isFile: boolean) {
    this.name = name;
    this.isFile = isFile;
    this.#file = file;
  }

  /** Throws `cli.unwritable_output`. A device or a pipe is used as a stream: it cannot be cut. */
  static async open(path: string): Promise<FileSink> {
    try {
      const file = await open(path, 'r+').catch((thrown: unknown) => {
        if ((thrown as { code?: unknown }).code === 'ENOENT') return open(path, 'w+');
        throw thrown;
      });
      return new FileSink(path, file, (await file.stat()).isFile());
    } catch (thrown) {
      throw unwritable(path, thrown);
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.byteLength) {
        const position = this.isFile ? this.#end + written : null;
        written += (await this.#file.write(bytes, written, bytes.byteLength - written, position)).bytesWritten;
      }
    } catch (thrown) {
      throw outputError(this.name, thrown);
    }
    this.#end += written;
  }

  async cutTo(size: number): Promise<void> {
    this.#end = size;
    if (!this.isFile) return;
    try {
      await this.#file.truncate(size);
    } catch (thrown) {
      throw outputError(this.name, thrown);
    }
  }

  async size(): Promise<number> {
    return this.isFile ? (await this.#file.stat()).size : 0;
  }

  async changedAtMs(): Promise<number> {
    return (await this.#file.stat()).mtimeMs;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#file.read(buffer, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async fingerprint(end: number): Promise<string | undefined> {
    if (!this.isFile || (await this.size()) < end) return undefined;
    const length = Math.min(end, LOOK_BACK_BYTES);
    const bytes = await this.read(end - length, length);
    return bytes.byteLength === length ? hash('sha256', bytes, 'base64url') : undefined;
  }

  close(): Promise<void> {
    this.#closed ??= this.#file.close();
    return this.#closed;
  }
}
