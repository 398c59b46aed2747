/** Watches workers while calls are open: how long each call has taken, whether its worker's event loop turns, and its memory. */
import type { EndReason } from './budget-errors.ts';
import type { PoolCall } from './pool-call.ts';
import type { WorkerThread } from './worker-thread.ts';

export interface WorkerWatchOptions {
  readonly threads: () => Iterable<WorkerThread>;
  readonly memoryMb: number;
  /** A call has used up its time, and its worker's event loop turns. */
  readonly onTimeout: (call: PoolCall) => void;
  /** A worker must be ended; `call` is to blame, if that is known. */
  readonly onPassed: (thread: WorkerThread, reason: EndReason, call: PoolCall | undefined) => void;
  /** The event loop of a worker has not turned since the last look: calls that it has not begun may go elsewhere. */
  readonly onStalled: (thread: WorkerThread) => void;
  /** The event loop of a worker has not turned for so many milliseconds more. */
  readonly onBlocked: (ms: number) => void;
  /** All workers were looked at. */
  readonly onLooked: () => void;
}

const INTERVAL_MS = 250;
/** The main thread itself may have stood still: that time is nobody's. */
const MAX_STEP_MS = 2 * INTERVAL_MS;
const MIB = 1024 * 1024;

export class WorkerWatch {
  readonly #options: WorkerWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #lookedMs = 0;

  constructor(options: WorkerWatchOptions) {
    this.#options = options;
  }

  /** Idempotent. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#lookedMs = performance.now();
    this.#timer = setInterval(() => this.look(), INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  look(): void {
    const nowMs = performance.now();
    const stepMs = Math.min(nowMs - this.#lookedMs, MAX_STEP_MS);
    this.#lookedMs = nowMs;
    for (const thread of this.#options.threads()) {
      if (thread.isEnding || (thread.open.size === 0 && thread.stalledMs === 0)) continue;
      this.#lookAt(thread, stepMs);
      if (!thread.isEnding) void this.#weigh(thread);
    }
    this.#options.onLooked();
  }

  #lookAt(thread: WorkerThread, stepMs: number): void {
    const { beats } = thread.board;
    const turns = beats !== thread.seenBeats;
    thread.seenBeats = beats;
    thread.stalledMs = turns ? 0 : thread.stalledMs + stepMs;
    if (!turns) this.#options.onBlocked(stepMs);
    const begun = begunIn(thread);
    const running = turns ? undefined : blamed(thread, begun);
    for (const call of begun) {
      if (call.isServed || (!turns && call !== running)) continue;
      call.ageMs += stepMs;
      if (call.ageMs < call.times.timeoutMs) continue;
      if (turns) this.#options.onTimeout(call);
      else this.#options.onPassed(thread, 'timeout', call);
    }
    if (turns || thread.isEnding) return;
    const times = running === undefined ? begun.map(({ times }) => times) : [running.times];
    const recalled = thread.open.size === 0 ? thread.recallTimeoutMs : Number.POSITIVE_INFINITY;
    const blockTimeoutMs = Math.min(...times.map((each) => each.blockTimeoutMs), recalled);
    if (thread.stalledMs >= blockTimeoutMs) this.#options.onPassed(thread, 'blocked', running);
    else this.#options.onStalled(thread);
  }

  async #weigh(thread: WorkerThread): Promise<void> {
    const bytes = await thread.memoryBytes();
    if (bytes !== undefined) thread.seenBytes = bytes;
    if (bytes === undefined || bytes <= this.#options.memoryMb * MIB || thread.isEnding) return;
    this.#options.onPassed(thread, 'out_of_memory', only(begunIn(thread)));
  }
}

/** The calls of a worker that have begun, those that nobody waits for any more included. */
export function begunIn(thread: WorkerThread): PoolCall[] {
  return [...thread.open.values()].filter((call) => hasBegun(thread, call));
}

export function hasBegun({ board }: WorkerThread, { place }: PoolCall): boolean {
  return place !== undefined && board.hasBegun(place.slot);
}

/** The call that holds its worker up, if that is known. */
function blamed(thread: WorkerThread, begun: readonly PoolCall[]): PoolCall | undefined {
  const { running } = thread.board;
  return begun.find(({ place }) => place?.slot === running) ?? only(begun);
}

export function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}
