/**
 * Watches whether standard output can still be written. Its reader may leave (`| head` does, after the lines that it wanted), and a
 * disk may be full. Node reports both as an event, which would end the process with a stack.
 */
import type { Writable } from 'node:stream';
import type { CatenaError } from '../../errors/catena-error.ts';
import { isClosedOutput, outputError } from '../output/output-error.ts';

export class StdoutReader {
  readonly #lost = Promise.withResolvers<CatenaError>();
  readonly #listeners = new Set<() => void>();
  #isGone = false;

  constructor(stdout: Writable) {
    stdout.on('error', (thrown) => this.#take(outputError('standard output', thrown)));
  }

  /** Resolves when standard output was lost while nobody listened to {@link onGone}: then there is nothing more to do. */
  get lost(): Promise<CatenaError> {
    return this.#lost.promise;
  }

  /** Calls the listener when the reader leaves, or at once if it has left; returns a function that removes it. */
  onGone(listener: () => void): () => void {
    if (this.#isGone) listener();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(error: CatenaError): void {
    if (isClosedOutput(error)) this.#isGone = true;
    if (!this.#isGone || this.#listeners.size === 0) this.#lost.resolve(error);
    else for (const listener of [...this.#listeners]) listener();
  }
}
