/**
 * Watches the main loop of this process from a thread of its own. While the loop is blocked nothing else here can say so: no log
 * line, no metric, no health answer is written, and no signal is handled.
 *
 * The main loop clears a counter twice a second, and the thread counts. A counter that is not cleared means that the loop is
 * blocked. It counts turns of the thread and not time, so a paused process, whose thread does not turn either, is not taken for a
 * blocked one. `watching-thread.ts` says what it does then.
 */
import { url as debuggerUrl } from 'node:inspector';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { LogFields, LogOptions } from '../log.ts';
import { METRICS } from '../metric-names.ts';
import type { Metrics } from '../metrics.ts';

export interface WatchdogOptions {
  readonly log: Pick<LogOptions, 'level' | 'format' | 'runtimeMode'>;
  /** Fields of each line of the thread. */
  readonly fields?: LogFields;
  readonly metrics: Metrics;
}

export interface Watchdog {
  /** Idempotent. */
  stop(): Promise<void>;
}

/** What the thread gets. */
export interface ThreadData {
  readonly log: WatchdogOptions['log'];
  readonly fields: LogFields;
  /** Whether the lines appear on a terminal, above a status line. */
  readonly isTerminal: boolean;
  /** {@link TURNS} and {@link DEBUGGED}. */
  readonly shared: SharedArrayBuffer;
}

/** Position of the turns that the thread has counted since the main loop cleared them. */
export const TURNS = 0;
/** Position of the flag that a debugger is attached: a breakpoint is no blocked loop. */
export const DEBUGGED = 1;

/** How often the thread counts, and the main loop clears. */
export const TURN_MS = 500;
/** A pause of the loop counts as blocked time from so many turns on. */
const BLOCKED_TURNS = 2;

/** The name of the function that the thread calls in the blocked main thread. */
export const HAND_OVER_SIGNALS = 'catena.watchdog.handOverSignals';

/** Signals that ask this process to end. */
const ENDING = ['SIGINT', 'SIGTERM'] as const;

type Listener = ReturnType<typeof process.rawListeners>[number];

/** Starts the thread. Neither it nor the timer keeps the process alive. */
export function startWatchdog({ log, fields = {}, metrics }: WatchdogOptions): Watchdog {
  const shared = new SharedArrayBuffer(8);
  const state = new Int32Array(shared);
  const blocked = metrics.counter(METRICS.mainLoopBlockedMs).with({});
  const longest = metrics.gauge(METRICS.mainLoopLongestStallMs).with({});
  const signals = new SignalListeners();
  const timer = setInterval(() => {
    const turns = Atomics.exchange(state, TURNS, 0);
    Atomics.store(state, DEBUGGED, debuggerUrl() === undefined ? 0 : 1);
    signals.takeBack();
    if (turns < BLOCKED_TURNS) return;
    const stallMs = turns * TURN_MS;
    blocked.add(stallMs);
    longest.set(Math.max(longest.value, stallMs));
  }, TURN_MS);
  timer.unref();
  Object.assign(globalThis, { [Symbol.for(HAND_OVER_SIGNALS)]: () => signals.handOver() });
  const workerData: ThreadData = { log, fields, isTerminal: process.stderr.isTTY === true, shared };
  // The file beside this one with the same ending: the source, or its build output.
  const program = new URL(`./watching-thread${extname(import.meta.filename)}`, import.meta.url);
  const thread = new Worker(program, { workerData, name: 'watchdog', execArgv: [], env: {} });
  thread.unref();
  // The process works as well without it.
  thread.on('error', () => clearInterval(timer));
  return {
    stop: async () => {
      clearInterval(timer);
      signals.takeBack();
      await thread.terminate();
    },
  };
}

/**
 * The listeners for signals, which run on the main loop. While it is blocked they are removed, so that a signal does what it does
 * to a process without listeners: it ends it.
 */
class SignalListeners {
  readonly #removed = new Map<string, readonly Listener[]>();

  handOver(): void {
    for (const signal of ENDING) {
      const listeners = process.rawListeners(signal);
      if (listeners.length === 0) continue;
      this.#removed.set(signal, listeners);
      process.removeAllListeners(signal);
    }
  }

  takeBack(): void {
    for (const [signal, listeners] of this.#removed) {
      for (const listener of listeners) process.on(signal as NodeJS.Signals, listener as NodeJS.SignalsListener);
    }
    this.#removed.clear();
  }
}
