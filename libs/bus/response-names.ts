import type { ChainMessage } from '../contracts/chain.ts';

/** The responses that a bus holds in this process, by their requests. The same response may be held more than once. */
export class ResponseNames {
  readonly #counts = new Map<string, number>();

  has(requestId: string): boolean {
    return this.#counts.has(requestId);
  }

  /** Does nothing for a message of another kind, as {@link ResponseNames.delete}. */
  add(message: ChainMessage): void {
    if (message.kind === 'response') this.#change(message.model.requestId, 1);
  }

  delete(message: ChainMessage): void {
    if (message.kind === 'response') this.#change(message.model.requestId, -1);
  }

  #change(requestId: string, by: number): void {
    const count = (this.#counts.get(requestId) ?? 0) + by;
    if (count > 0) this.#counts.set(requestId, count);
    else this.#counts.delete(requestId);
  }
}
