/** Shows the progress of a diagnosis: a rewritten block of lines on a terminal, single lines elsewhere, JSON events with `--json`. */
import { jsonReporter, type Reporter } from '../../cli/status/reporter.ts';
import type { Io, Paint } from '../../cli/terminal/io.ts';
import { boardLines, countText, type ModelCount } from './model-board.ts';

const TERMINAL_INTERVAL_MS = 250;
const PLAIN_INTERVAL_MS = 2_000;
const DEFAULT_COLUMNS = 80;
const ERASE = '\r\u001b[0J';
/** The most lines of the block: more would scroll the terminal. */
const MAX_LINES = 16;

type Counts = () => readonly ModelCount[];

export function boardReporter(stderr: Io['stderr'], paint: Paint, counts: Counts): Reporter {
  let isShown = false;
  /** The cursor stays before the block, also when a narrower terminal wraps its lines. */
  const draw = (): void => {
    const lines = boardLines(counts().slice(0, MAX_LINES), paint, stderr.columns ?? DEFAULT_COLUMNS);
    const up = lines.length === 0 ? '' : `\u001b[${lines.length}A`;
    stderr.write(`${ERASE}${lines.map((line) => `${line}\n`).join('')}${up}`);
    isShown = true;
  };
  const redraw = (): void => {
    if (isShown) draw();
  };
  stderr.on('resize', redraw);
  return {
    intervalMs: TERMINAL_INTERVAL_MS,
    show: draw,
    say: (text) => {
      stderr.write(`${isShown ? ERASE : ''}${text}\n`);
      redraw();
    },
    event: () => {},
    end: () => {
      stderr.off('resize', redraw);
      if (isShown) stderr.write(ERASE);
      isShown = false;
    },
  };
}

/** Writes a line for each model whose calls made progress. */
export function boardLog(stderr: Io['stderr'], counts: Counts): Reporter {
  const told = new Map<string, string>();
  return {
    intervalMs: PLAIN_INTERVAL_MS,
    show: () => {
      for (const count of counts()) {
        const text = countText(count);
        if (told.get(count.model) === text) continue;
        told.set(count.model, text);
        stderr.write(`${count.model}: ${text}\n`);
      }
    },
    say: (text) => {
      stderr.write(`${text}\n`);
    },
    event: () => {},
    end: () => {},
  };
}

/** The events of every run, and `models` beside each `progress`. */
export function boardEvents(stdout: Io['stdout'], counts: Counts): Reporter {
  const events = jsonReporter(stdout);
  return {
    ...events,
    show: (progress) => {
      events.show(progress);
      const models = counts().map(({ underWay, ...count }) => ({ ...count, under_way: underWay ?? null }));
      events.event('models', { models });
    },
  };
}
