/**
 * Repeated warnings and errors are counted instead of written: of lines with the same level, message and error code, the first few
 * of a window are written, then one line with their number when the window ends.
 */
import { RecentMap } from '../concurrency/recent-map.ts';

export interface RepeatedLinesOptions {
  /** Default 10 s. */
  readonly windowMs?: number;
  /** Lines of a kind that are written in a window; default 10. */
  readonly most?: number;
}

interface Window {
  written: number;
  repeated: number;
  /** Writes the last line, with more fields. */
  write: (more: object) => void;
}

const WINDOW_MS = 10_000;
const MOST = 10;
/** Kinds of lines that are counted at the same time. */
const MAX_KINDS = 1_000;

export class RepeatedLines {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #windows = new RecentMap<string, Window>(MAX_KINDS);

  constructor({ windowMs = WINDOW_MS, most = MOST }: RepeatedLinesOptions = {}) {
    this.#windowMs = windowMs;
    this.#most = most;
  }

  /** Writes a line, or counts it; `write` gets the fields that the last counted line has in addition. */
  add(level: 'warn' | 'error', message: string, fields: object, write: (more: object) => void): void {
    const kind = `${level} ${message} ${codeOf(fields)}`;
    const window = this.#windows.get(kind);
    if (window === undefined) {
      this.#windows.set(kind, { written: 1, repeated: 0, write });
      setTimeout(() => this.#end(kind), this.#windowMs).unref();
      write({});
    } else if (window.written < this.#most) {
      window.written += 1;
      write({});
    } else {
      window.repeated += 1;
      window.write = write;
    }
  }

  #end(kind: string): void {
    const window = this.#windows.get(kind);
    this.#windows.delete(kind);
    if (window !== undefined && window.repeated > 0) window.write({ repeated: window.repeated });
  }
}

function codeOf(fields: object): string {
  const { error } = fields as { readonly error?: unknown };
  return String((error as { readonly code?: unknown } | undefined)?.code ?? '');
}
