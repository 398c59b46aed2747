import type { Writable } from 'node:stream';
import { outputError } from './output-error.ts';

/** Where rows go: a file that can be cut back and checked, or a stream that only takes more. */

export interface Sink {
  /** For messages: a path, or `standard output`. */
  readonly name: string;
  /** Whether what was written in an earlier process is still there and can be cut back. */
  readonly isFile: boolean;
  /** Resolves when the bytes have been taken. Throws `output.disk_full`, `output.failed`, `output.closed`. */
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts a file back to this size; a stream cannot. */
  cutTo(size: number): Promise<void>;
  /** What stands before `end`, as a hash: whether a file is still the one that was written. Undefined if it is shorter. */
  fingerprint(end: number): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Standard output: waits until what was written has been taken, so that a slow reader slows the writer only. */
export function streamSink(stream: Writable): Sink {
  // Without a listener a reader that has gone away would end the process; `append` rejects with it.
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
    fingerprint: async () => undefined,
    close: async () => {},
  };
}
