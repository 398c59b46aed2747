import type { Writable } from 'node:stream';
import { outputError } from './output-error.ts';

/** The target of rows: a file that can be cut back and checked, or a stream that can only be appended to. */

export interface Sink {
  /** For messages: a path, or `standard output`. */
  readonly name: string;
  /** Whether the rows of an earlier process are still there and can be cut back. */
  readonly isFile: boolean;
  /** Resolves when the bytes have been written. Throws `output.disk_full`, `output.failed`, `output.closed`. */
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts a file back to this size; a stream cannot. */
  cutTo(size: number): Promise<void>;
  /** Bytes of a file; 0 for a stream. */
  size(): Promise<number>;
  /** When somebody last changed a file, in Unix milliseconds; 0 for a stream. */
  changedAtMs(): Promise<number>;
  /** The bytes of a file from a position on; fewer at its end. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** A hash of the bytes before `end`, to recognise a changed file. Undefined if the file is shorter. */
  fingerprint(end: number): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Standard output: waits for each write, so that a slow reader slows down only the writer. */
export function streamSink(stream: Writable): Sink {
  // Without a listener a closed pipe would end the process; `append` rejects with the error.
  stream.on('error', () => {});
  const name = 'standard output';
  return {
    name,
    isFile: false,
    append: (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (thrown) => (thrown ? reject(outputError(name, thrown)) : resolve()));
      }),
    cutTo: async () => {},
    size: async () => 0,
    changedAtMs: async () => 0,
    read: async () => new Uint8Array(),
    fingerprint: async () => undefined,
    close: async () => {},
  };
}
