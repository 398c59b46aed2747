/** Counts lines that repeat in place of writing them: a fault that meets every message must not fill the disk. */

export interface RepeatsOptions {
  /** Lines of one kind that are written within a window. */
  readonly most: number;
  readonly windowMs: number;
  /** Milliseconds. */
  readonly now: () => number;
  /** Called when a window has ended, with the number of lines that were not written. */
  readonly onRepeated: (kind: string, count: number) => void;
}

interface Window {
  readonly endsAtMs: number;
  lines: number;
}

/** Kinds that are told apart at the same time; further ones are written as they come. */
const MAX_KINDS = 1_000;

export class Repeats {
  readonly #options: RepeatsOptions;
  readonly #windows = new Map<string, Window>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RepeatsOptions) {
    this.#options = options;
  }

  /** Whether a line of this kind is to be written now. */
  isWritten(kind: string): boolean {
    const { most, windowMs, now } = this.#options;
    this.#close();
    const window = this.#windows.get(kind);
    if (window === undefined) {
      if (this.#windows.size < MAX_KINDS) this.#windows.set(kind, { endsAtMs: now() + windowMs, lines: 1 });
      return true;
    }
    window.lines += 1;
    if (window.lines <= most) return true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#close();
    }, windowMs).unref();
    return false;
  }

  /** Ends the windows whose time is over, and reports what was not written in them. */
  #close(): void {
    const { most, now, onRepeated } = this.#options;
    const nowMs = now();
    for (const [kind, { endsAtMs, lines }] of this.#windows) {
      if (endsAtMs > nowMs) continue;
      this.#windows.delete(kind);
      if (lines > most) onRepeated(kind, lines - most);
    }
  }
}
