/** A figure over runs, as a small line chart: the diagnosed brand with its interval, the others beside it. */
import type { Figure } from '../../figures/figure.ts';
import type { Scale } from '../../figures/observation.ts';
import { html, type Markup } from '../html.ts';
import { scaled } from '../numbers.ts';

export interface RunLine {
  readonly brand: string;
  readonly isOwn: boolean;
  /** Of each run, oldest first. */
  readonly values: readonly Figure[];
}

const WIDTH = 300;
const HEIGHT = 150;
const BOX = { left: 38, right: WIDTH - 12, top: 10, bottom: HEIGHT - 12 };

/**
 * `worstRank` is the end of the scale of ranks, which has 1 on top. Shares are always drawn from 0 to 100 %, net scores from −1
 * to 1: a scale that is fitted to the values exaggerates noise. A run without a value is a gap in the line.
 */
export function runLines(lines: readonly RunLine[], scale: Scale, worstRank: number, label: string): Markup {
  const [bottom, top] = rangeOf(scale, worstRank);
  const count = lines[0]?.values.length ?? 0;
  const x = (run: number): number =>
    round(count < 2 ? (BOX.left + BOX.right) / 2 : BOX.left + ((BOX.right - BOX.left) * run) / (count - 1));
  const y = (value: number): number => {
    const share = (Math.min(Math.max(value, Math.min(bottom, top)), Math.max(bottom, top)) - bottom) / (top - bottom);
    return round(BOX.bottom - (BOX.bottom - BOX.top) * share);
  };
  const ticks = [bottom, (bottom + top) / 2, top].map(
    (tick) =>
      html`<line class="${scale === 'net' && tick === 0 ? 'zero' : 'grid'}" x1="${BOX.left}" x2="${BOX.right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${BOX.left - 5}" y="${y(tick) + 3.5}" text-anchor="end">${scaled(tick, scale)}</text>`,
  );
  const inOrder = [...lines].sort((one, other) => Number(one.isOwn) - Number(other.isOwn));
  return html`<svg class="lines" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${ticks}${inOrder.map(
    (line) => drawn(line, scale, x, y),
  )}</svg>`;
}

function rangeOf(scale: Scale, worstRank: number): readonly [number, number] {
  if (scale === 'share') return [0, 1];
  return scale === 'rank' ? [Math.max(2, Math.ceil(worstRank)), 1] : [-1, 1];
}

function drawn(
  { brand, isOwn, values }: RunLine,
  scale: Scale,
  x: (run: number) => number,
  y: (value: number) => number,
): Markup {
  const tone = isOwn ? 'own' : 'rival';
  const points = values.map(({ value, low, high }, run) => ({ value, low, high, run }));
  let isDrawing = false;
  const path = points.map(({ value, run }) => {
    if (value === null) {
      isDrawing = false;
      return '';
    }
    const step = `${isDrawing ? 'L' : 'M'}${x(run)} ${y(value)}`;
    isDrawing = true;
    return step;
  });
  const marks = points.map(({ value, low, high, run }) => {
    if (value === null) return null;
    const bar =
      isOwn &&
      low !== null &&
      high !== null &&
      html`<line class="whisker" x1="${x(run)}" x2="${x(run)}" y1="${y(low)}" y2="${y(high)}"/>`;
    return html`${bar}<circle class="dot ${tone}" cx="${x(run)}" cy="${y(value)}" r="${isOwn ? 4 : 2.5}"><title>${brand}: ${scaled(value, scale)}</title></circle>`;
  });
  return html`<path class="line ${tone}" d="${path.join('')}"/>${marks}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
