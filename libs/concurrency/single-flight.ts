/** A running piece of work, with its waiting callers. */
interface Flight<T> {
  readonly done: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Runs work once for all concurrent callers of a key. A caller that aborts does not affect the others. When the last caller has
 * aborted, the work itself is aborted, and the next caller starts it again.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** Returns the result of the key's work. Rejects with what `onAbort` makes when the signal aborts first. */
  join(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, onAbort: () => Error): Promise<T> {
    if (signal.aborted) return Promise.reject(onAbort());
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        flight.waiting -= 1;
        if (flight.waiting === 0) {
          this.#end(key, flight);
          flight.controller.abort(signal.reason);
        }
        reject(onAbort());
      };
      signal.addEventListener('abort', leave, { once: true });
      void flight.done.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = { controller, waiting: 0, done: work(controller.signal) };
    this.#flights.set(key, flight);
    const end = (): void => this.#end(key, flight);
    flight.done.then(end, end);
    return flight;
  }

  #end(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
