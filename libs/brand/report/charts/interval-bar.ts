/** Charts for the rows of a table: as wide as their cell, without text, because the numbers are beside them. */
import type { Figure } from '../../figures/figure.ts';
import { html, type Markup } from '../html.ts';

/** Whether a mark belongs to the diagnosed brand or to another one. */
export type Tone = 'own' | 'rival';

/** What a bar shows of a figure or a score. */
type Bounds = Pick<Figure, 'least' | 'most' | 'low' | 'high' | 'tooThin'>;

const HEIGHT = 14;
const MIDDLE = HEIGHT / 2;

/**
 * A share from 0 to 1 as a bar that starts at zero, with its interval as a line across it. What answers that were cut off may add is
 * paler. Without a value there is no bar.
 */
export function intervalBar(figure: Bounds, tone: Tone, all = 1): Markup {
  const place = (value: number): number => at(value / all);
  const { least, most, low, high, tooThin } = figure;
  const thin = tooThin && ' thin';
  return rowChart(
    html`<rect class="track" x="0" y="4" width="100" height="6"/>${
      least !== null && html`<rect class="fill ${tone}${thin}" x="0" y="2" width="${place(least)}" height="10"/>`
    }${
      least !== null &&
      most !== null &&
      most > least &&
      html`<rect class="maybe ${tone}" x="${place(least)}" y="2" width="${rounded(place(most) - place(least))}" height="10"/>`
    }${whisker(low, high, place)}`,
  );
}

/** A net score from −1 to 1: the bar grows from the zero line, to the right for the favourable; unknown, it is a pale band. */
export function divergingBar({ value, least, most, low, high, tooThin }: Figure): Markup {
  const place = (net: number): number => at((net + 1) / 2);
  const isUnknown = value === null && least !== null && most !== null;
  return rowChart(
    html`<rect class="track" x="0" y="4" width="100" height="6"/>${
      value !== null &&
      html`<rect class="fill ${value < 0 ? 'negative' : 'positive'}${tooThin && ' thin'}" x="${Math.min(50, place(value))}" y="2" width="${rounded(Math.abs(place(value) - 50))}" height="10"/>`
    }${
      isUnknown &&
      html`<rect class="maybe rival" x="${place(least)}" y="2" width="${rounded(place(most) - place(least))}" height="10"/>`
    }<line class="zero" x1="50" x2="50" y1="0" y2="${HEIGHT}"/>${whisker(low, high, place)}`,
  );
}

export interface Part {
  /** From 0 to 1; all parts together are at most 1. */
  readonly share: number;
  /** A class of the style sheet. */
  readonly tone: string;
  readonly label: string;
}

/** Parts of a whole, side by side. */
export function stackedBar(parts: readonly Part[]): Markup {
  let begin = 0;
  const rects = parts.map(({ share, tone, label }) => {
    const x = begin;
    begin += share;
    return (
      share > 0 &&
      html`<rect class="fill ${tone}" x="${at(x)}" y="1" width="${at(share)}" height="12"><title>${label}</title></rect>`
    );
  });
  return rowChart(html`<rect class="track" x="0" y="1" width="100" height="12"/>${rects}`);
}

function rowChart(marks: Markup): Markup {
  return html`<svg class="row-chart" viewBox="0 0 100 ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false">${marks}</svg>`;
}

function whisker(low: number | null, high: number | null, place: (value: number) => number): Markup | false {
  if (low === null || high === null) return false;
  const [from, to] = [place(low), place(high)];
  return html`<path class="whisker" d="M${from} ${MIDDLE}H${to}M${from} ${MIDDLE - 3}V${MIDDLE + 3}M${to} ${MIDDLE - 3}V${MIDDLE + 3}"/>`;
}

/** A position in hundredths of the width, limited to 0–100. */
function at(share: number): number {
  return rounded(100 * Math.min(1, Math.max(0, share)));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
