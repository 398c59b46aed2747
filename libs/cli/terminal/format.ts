/** Formats numbers, times and tables for people. */
import stringWidth from 'string-width';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1 item`, `2 items`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** `42 ms`, `3.4 s`, `2m 05s`, `1h 04m`. */
export function formatDuration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE_MS - 50) return `${(ms / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < HOUR_MS / SECOND_MS) return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(ms / MINUTE_MS);
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

/** `0.4`, `12.3`, `1,234`: about three significant digits. */
export function formatRate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : formatCount(perSecond);
}

/** `2026-03-01 12:34:56`, in the local time zone. */
export function formatInstant(unixMs: number): string {
  const at = new Date(unixMs);
  const date = `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
  return `${date} ${formatClock(unixMs)}`;
}

/** `12:34:56`, in the local time zone. */
export function formatClock(unixMs: number): string {
  const at = new Date(unixMs);
  return `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}:${twoDigits(at.getSeconds())}`;
}

/** Rows as columns of equal width, two spaces apart; the last column is not padded. */
export function formatTable(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, stringWidth(cell));
  }
  return rows
    .map((row) => indent + row.map((cell, at) => (at === row.length - 1 ? cell : padEnd(cell, widths[at]!))).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** As those of `String`, in columns of a terminal. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - stringWidth(text))) + text;
}

/** `0:07`, `12:34`, `1:02:03`: time that has passed. */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const rest = twoDigits(seconds % 60);
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${twoDigits(minutes)}:${rest}`;
}

/** One line of text for a terminal, without control characters, cut to `width` columns: a Chinese character takes two. */
export function oneLine(text: string, width = Number.POSITIVE_INFINITY): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: text from a page must not move the cursor.
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  // A text is hardly longer than its code units, which are faster to count.
  if (flat.length * 2 <= width || width === Number.POSITIVE_INFINITY || stringWidth(flat) <= width) return flat;
  let cut = '';
  let columns = 0;
  for (const { segment } of GRAPHEMES.segment(flat)) {
    columns += stringWidth(segment);
    if (columns > width - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

export interface ShownCost {
  readonly spent: number;
  readonly reserved: number;
  readonly cap: number | undefined;
}

/** The cost of a run as text; empty for a run without costs and cap. */
export function formatCost({ spent, reserved, cap }: ShownCost): string {
  if (spent + reserved === 0 && cap === undefined) return '';
  const unsettled = reserved === 0 ? '' : `, and up to ${formatAmount(reserved)} that was never confirmed`;
  return `${formatAmount(spent)}${cap === undefined ? '' : ` of at most ${formatAmount(cap)}`}${unsettled}`;
}

/** At least two decimal places, and as many as the amount has. */
function formatAmount(amount: number): string {
  return amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 });
}
