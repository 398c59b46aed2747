/** Bounds the streams that callers hold open, so that nobody uses up the memory of a server with streams that are never read. */
import { CatenaError } from '../../errors/catena-error.ts';

export class StreamQuota {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  /** `most`: streams of one caller, over all its connections. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a stream; returns the function that ends it, which may be called twice, or why it is refused. */
  open(caller: string): (() => void) | CatenaError {
    const count = this.#open.get(caller) ?? 0;
    if (count >= this.#most) return tooMany(this.#most);
    this.#open.set(caller, count + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      const left = this.#open.get(caller)! - 1;
      if (left === 0) this.#open.delete(caller);
      else this.#open.set(caller, left);
    };
  }
}

/** Streams are counted by token; without one by the address, whatever the port. */
export function callerOf(token: string | undefined, peer: string): string {
  return token === undefined ? `address ${peer.replace(/:\d+$/, '')}` : `token ${token}`;
}

function tooMany(most: number): CatenaError {
  return new CatenaError('grpc.too_many_streams', `this caller has ${most} streams open already`, {
    class: 'retryable',
    remedy: 'end streams that are not needed, follow several runs with one list, or raise grpc.max_streams_per_caller',
  });
}
