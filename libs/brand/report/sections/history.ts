/** The figures over the runs that asked the same questions. */
import { runLines } from '../charts/run-lines.ts';
import type { ComparedFigure, Comparison } from '../compare.ts';
import { html, type Markup } from '../html.ts';
import { behind, differenceText, instant, valueText } from '../numbers.ts';
import { note, section, table } from './layout.ts';
import { brandName, type Scene } from './scene.ts';

const DRAWN = ['mentionRate', 'averageRank', 'shareOfVoice', 'sentiment', 'top3Rate', 'interception'];

/** Nothing when the history is not known. */
export function history(scene: Scene, comparison: Comparison | undefined): Markup | false {
  const { words } = scene;
  if (comparison === undefined) return false;
  if (comparison.runs.length < 2) return section('history', words.section.history, note(words.note.historyAlone));
  const figures = comparison.brands[0]?.figures ?? [];
  return section('history', words.section.history, [
    note(words.note.history),
    html`<div class="charts">${figures
      .filter(({ name }) => DRAWN.includes(name))
      .map((figure) => chart(scene, comparison, figure))}</div>`,
    table({
      caption: words.section.history,
      head: [
        words.brand,
        words.value,
        ...comparison.runs.map(
          ({ acceptedAtMs, runId }) => html`<small title="${runId}">${instant(acceptedAtMs)}</small>`,
        ),
        words.difference,
      ],
      rows: comparison.brands.flatMap(({ brand, figures: own }) =>
        own.map((figure) => [
          brandName(scene, brand),
          words.figure[figure.name],
          ...figure.values.map(
            (each) => html`${valueText(each, figure.scale)} <small>${behind(each, figure.scale)}</small>`,
          ),
          differenceOf(scene, figure),
        ]),
      ),
    }),
  ]);
}

function chart({ words, main }: Scene, { brands }: Comparison, { name, scale }: ComparedFigure): Markup {
  const lines = brands.map(({ brand, figures }) => ({
    brand,
    isOwn: brand === main,
    values: figures.find((figure) => figure.name === name)?.values ?? [],
  }));
  const title = words.figure[name];
  return html`<figure><figcaption>${title}</figcaption>${runLines(lines, scale, brands.length, title)}</figure>`;
}

function differenceOf({ words }: Scene, { difference, scale, withinNoise, tooThin }: ComparedFigure): Markup {
  const verdict = withinNoise === null ? words.unclear : withinNoise ? words.withinNoise : words.beyondNoise;
  const mark = tooThin && html` <abbr class="thin-mark" title="${words.thinMeaning}">${words.thin}</abbr>`;
  return html`<span class="value">${differenceText(difference, scale)}</span>${mark}<br><small>${verdict}</small>`;
}
