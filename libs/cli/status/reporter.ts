/** Shows the progress of a run: one rewritten line on a terminal, a line every few seconds elsewhere, JSON events with `--json`. */
import { Rounds } from '../../concurrency/rounds.ts';
import type { Io, Paint } from '../terminal/io.ts';
import type { Progress } from './progress.ts';
import { SpeedGauge, statusLine } from './status-line.ts';

export interface Reporter {
  /** One reading. */
  show(progress: Progress): void;
  /** Prints a message above the status line. */
  say(text: string): void;
  /** Writes a JSON event; does nothing without `--json`. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void;
  /** Removes the status line. */
  end(): void;
  /** The interval between readings, in milliseconds. */
  readonly intervalMs: number;
}

/** Four times a second: people cannot read faster. */
const TERMINAL_INTERVAL_MS = 250;
const PLAIN_INTERVAL_MS = 5_000;
const EVENT_INTERVAL_MS = 1_000;
const DEFAULT_COLUMNS = 80;
/**
 * The cursor stays at the beginning of the status line. If the terminal is made narrower, the line may wrap; the cursor then is still
 * before all of it.
 */
const ERASE = '\r\u001b[0J';

export function terminalReporter(stderr: Io['stderr'], paint: Paint): Reporter {
  const gauge = new SpeedGauge();
  let line: ((width: number) => string) | undefined;
  const draw = (): void => {
    if (line !== undefined) stderr.write(`${ERASE}${line(stderr.columns ?? DEFAULT_COLUMNS)}\r`);
  };
  stderr.on('resize', draw);
  return {
    intervalMs: TERMINAL_INTERVAL_MS,
    show: (progress) => {
      const speed = gauge.take(progress);
      line = (width) => statusLine(progress, speed, { paint, width });
      draw();
    },
    say: (text) => {
      stderr.write(`${line === undefined ? '' : ERASE}${text}\n`);
      draw();
    },
    event: () => {},
    end: () => {
      stderr.off('resize', draw);
      if (line !== undefined) stderr.write(ERASE);
      line = undefined;
    },
  };
}

export function plainReporter(stderr: Io['stderr'], paint: Paint): Reporter {
  const gauge = new SpeedGauge();
  return {
    intervalMs: PLAIN_INTERVAL_MS,
    show: (progress) => {
      stderr.write(`${statusLine(progress, gauge.take(progress), { paint, width: undefined })}\n`);
    },
    say: (text) => {
      stderr.write(`${text}\n`);
    },
    event: () => {},
    end: () => {},
  };
}

/** One JSON object per line; no text for people. */
export function jsonReporter(stream: { write(text: string): unknown }): Reporter {
  const gauge = new SpeedGauge();
  const write = (event: string, fields: object): void => {
    stream.write(`${JSON.stringify({ event, ...fields })}\n`);
  };
  return {
    intervalMs: EVENT_INTERVAL_MS,
    show: ({ atMs: _atMs, ...progress }) => {
      const { elapsedMs, pagesPerSecond, nodesPerSecond } = gauge.take({ atMs: _atMs, ...progress });
      write('progress', {
        done: progress.done,
        in_flight: progress.inFlight ?? null,
        queued: Math.max(0, progress.open - (progress.inFlight ?? 0)),
        failed: progress.failed,
        retries: progress.retries ?? null,
        items: progress.items,
        elapsed_ms: Math.round(elapsedMs),
        pages_per_second: rounded(pagesPerSecond),
        nodes_per_second: rounded(nodesPerSecond),
      });
    },
    say: () => {},
    event: write,
    end: () => {},
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Reads and shows a run's progress until it is ended. A failed reading is skipped: it does not affect the run. */
export function watchProgress(reporter: Reporter, read: () => Promise<Progress>): { end(): Promise<void> } {
  const rounds = new Rounds(async () => {
    const progress = await read().catch(() => undefined);
    if (progress !== undefined && !rounds.isStopped) reporter.show(progress);
  }, reporter.intervalMs);
  rounds.start(reporter.intervalMs);
  return {
    end: async () => {
      await rounds.stop();
      reporter.end();
    },
  };
}
