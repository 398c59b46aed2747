/** The status line of a run. Pure: it depends only on its arguments. */
import stringWidth from 'string-width';
import {
  countOf,
  formatClock,
  formatCount,
  formatDuration,
  formatElapsed,
  formatRate,
  oneLine,
} from '../terminal/format.ts';
import type { Paint } from '../terminal/io.ts';
import type { Progress, Waiting } from './progress.ts';

/** A shorter wait ends before anybody reads about it. */
const LEAST_WORTH_SAYING_MS = 2_000;

/** A larger share of failures among the ended nodes is shown in red. */
const ALARMING_SHARE = 0.1;

export interface LineStyle {
  readonly paint: Paint;
  /** Columns of the terminal; undefined where lines may be of any length. */
  readonly width: number | undefined;
}

/** Parts of the line, the most important first: if the line is too long, the last ones are left out. */
export function statusLine(progress: Progress, speed: Speed, { paint, width }: LineStyle): string {
  const parts: { readonly text: string; readonly colour?: 'red' | 'yellow' | 'dim' }[] = [
    { text: formatElapsed(speed.elapsedMs), colour: 'dim' },
    { text: `${formatCount(progress.done)} done` },
    ...openText(progress).map((text) => ({ text })),
    failures(progress),
    { text: countOf(progress.items, 'item') },
    { text: speedText(progress, speed) },
  ];
  if (progress.waiting !== undefined) parts.push({ text: waitingText(progress.waiting), colour: 'yellow' });
  const { retries = 0 } = progress;
  if (retries > 0) parts.push({ text: countOf(retries, 'retry', 'retries'), colour: 'dim' });
  if (
    speed.knownWorkMs !== undefined &&
    speed.knownWorkMs >= LEAST_WORTH_SAYING_MS &&
    progress.waiting?.kind !== 'host'
  ) {
    // Steps may still add nodes, so this covers only the nodes known now, not the time to the end.
    parts.push({ text: `about ${formatDuration(speed.knownWorkMs)} for what is known`, colour: 'dim' });
  }
  let line = '';
  let length = 0;
  for (const { text: raw, colour } of parts) {
    const text = oneLine(raw);
    const separator = length === 0 ? '' : ' · ';
    const columns = stringWidth(separator + text);
    if (width !== undefined && length + columns >= width) break;
    length += columns;
    line += separator + (colour === undefined ? text : paint(colour, text));
  }
  return line;
}

/** Only the executing process knows which open nodes are in execution. */
function openText({ open, inFlight }: Progress): string[] {
  if (inFlight === undefined) return [`${formatCount(open)} open`];
  return [`${formatCount(inFlight)} in flight`, `${formatCount(Math.max(0, open - inFlight))} queued`];
}

function failures({ failed, done }: Progress): { readonly text: string; readonly colour?: 'red' | 'yellow' } {
  if (failed === 0) return { text: '0 failed' };
  const share = failed / (done + failed);
  if (share < ALARMING_SHARE) return { text: `${formatCount(failed)} failed`, colour: 'yellow' };
  return { text: `${formatCount(failed)} FAILED (${Math.round(share * 100)} %)`, colour: 'red' };
}

function speedText({ pages }: Progress, { pagesPerSecond, nodesPerSecond }: Speed): string {
  return pages > 0 ? `${formatRate(pagesPerSecond)} pages/s` : `${formatRate(nodesPerSecond)} nodes/s`;
}

function waitingText(waiting: Waiting): string {
  switch (waiting.kind) {
    case 'host':
      return `${waiting.host} asked for a pause until ${formatClock(waiting.untilMs)}`;
    case 'rate':
      return `limited by the rate limit of ${waiting.host}`;
    case 'time':
      return `${countOf(waiting.count, 'node')} not due yet`;
    case 'paused':
      return 'paused';
    case 'ending':
      return `${waiting.mark}, being ended`;
    case 'capped':
      return `capped: ${waiting.text}`;
  }
}

/** Rates of a run over the last seconds. */
export interface Speed {
  /** Since the first reading, in milliseconds. */
  readonly elapsedMs: number;
  readonly pagesPerSecond: number;
  readonly nodesPerSecond: number;
  /** How long the known nodes take at this speed; undefined if that is unknown. */
  readonly knownWorkMs: number | undefined;
}

const WINDOW_MS = 5_000;
/** A speed measured over less time is too inaccurate for a forecast. */
const SETTLED_MS = 3_000;

/** Speeds from successive readings. */
export class SpeedGauge {
  readonly #readings: Progress[] = [];
  #firstAtMs: number | undefined;

  take(reading: Progress): Speed {
    this.#readings.push(reading);
    this.#firstAtMs ??= reading.atMs;
    const elapsedMs = reading.atMs - this.#firstAtMs;
    while (this.#readings.length > 2 && this.#readings[1]!.atMs <= reading.atMs - WINDOW_MS) this.#readings.shift();
    const first = this.#readings[0]!;
    const spanMs = reading.atMs - first.atMs;
    if (spanMs <= 0) return { elapsedMs, pagesPerSecond: 0, nodesPerSecond: 0, knownWorkMs: undefined };
    const perSecond = (count: number): number => (Math.max(0, count) / spanMs) * 1_000;
    const nodesPerSecond = perSecond(reading.done - first.done + reading.failed - first.failed);
    const isSettled = spanMs >= SETTLED_MS && nodesPerSecond > 0 && reading.open > 0;
    return {
      elapsedMs,
      pagesPerSecond: perSecond(reading.pages - first.pages),
      nodesPerSecond,
      knownWorkMs: isSettled ? (reading.open / nodesPerSecond) * 1_000 : undefined,
    };
  }
}
