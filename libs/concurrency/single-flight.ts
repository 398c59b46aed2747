/** One piece of work under way, for all who wait for it. */
interface Flight<T> {
  readonly done: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Work that is done once for all who ask for it at the same time. Whoever gives up leaves the others alone; when the last
 * one has given up, the work itself is told to stop, and the next one to ask starts it anew.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** The outcome of the work of this key. When the signal is aborted first, rejects with what `onAbort` makes. */
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
