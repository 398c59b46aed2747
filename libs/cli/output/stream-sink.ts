import type { Writable } from 'node:stream';
import { outputError } from './output-error.ts';
import type { Sink } from './sink.ts';

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
