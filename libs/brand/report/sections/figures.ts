/** Figures of the brands as tables whose middle column is their chart. */
import type { BrandFigures } from '../../figures/brand-figures.ts';
import type { Figure } from '../../figures/figure.ts';
import type { Scale } from '../../figures/observation.ts';
import { divergingBar, intervalBar, stackedBar } from '../charts/interval-bar.ts';
import { type Content, html, type Markup } from '../html.ts';
import { behind, interval, valueText } from '../numbers.ts';
import { note, section, table } from './layout.ts';
import { brandName, type Scene } from './scene.ts';

const RATES = ['mentionRate', 'firstMentionRate', 'top3Rate', 'recommendationRate'] as const;

export function visibility(scene: Scene): Markup {
  const { words } = scene;
  const { brands } = scene.run.report.figures.bare.overall;
  return section('visibility', words.section.visibility, [
    note(words.note.visibility),
    thinNote(scene, brands[0]?.mentionRate),
    noiseNote(scene),
    html`<div class="columns">${RATES.map((name) => rateTable(scene, name, brands))}</div>`,
  ]);
}

export function voice(scene: Scene): Markup {
  const { words } = scene;
  const { brands } = scene.run.report.figures.bare.overall;
  return section('voice', words.section.voice, [note(words.note.voice), rateTable(scene, 'shareOfVoice', brands)]);
}

/** Of the given figures: those of bare questions, or of questions that name the brand. */
export function sentimentTable(scene: Scene, brands: readonly BrandFigures[]): Markup {
  const { words } = scene;
  const kinds = ['positive', 'neutral', 'negative'] as const;
  return html`${table({
    caption: words.figure.sentiment,
    kind: 'bars wide-bars',
    head: [
      words.brand,
      kinds.map((kind) => html`<span class="key ${kind}">${words.figure[kind]}</span>`),
      words.figure.sentiment,
      words.value,
    ],
    rows: brands.map((figures) => {
      // Of the whole answers: what a cut-off one would have said is not drawn.
      const heard = figures.sentiment.denominator;
      const parts = kinds.map((kind) => ({
        share: heard === 0 ? 0 : figures[kind].numerator / heard,
        tone: kind,
        label: `${words.figure[kind]} ${figures[kind].numerator}/${heard}`,
      }));
      const split = kinds.map((kind) => String(figures[kind].numerator)).join(' / ');
      if (figures.sentiment.least === null) return [brandName(scene, figures.brand), '', '', words.absent];
      return [
        brandName(scene, figures.brand),
        html`${stackedBar(parts)}<small>${split}</small>`,
        divergingBar(figures.sentiment),
        measured(scene, figures.sentiment, 'net'),
      ];
    }),
  })}`;
}

export function sentiment(scene: Scene): Markup {
  const { words, run } = scene;
  return section('sentiment', words.section.sentiment, [
    note(words.note.sentiment),
    sentimentTable(scene, run.report.figures.bare.overall.brands),
  ]);
}

export function rateTable(
  scene: Scene,
  name: (typeof RATES)[number] | 'shareOfVoice' | 'interception' | 'citationRate',
  brands: readonly BrandFigures[],
): Markup {
  const { words, main } = scene;
  return table({
    caption: words.figure[name],
    kind: 'bars',
    head: [words.brand, html`<small>${words.meaning[name]}</small>`, words.value],
    rows: brands.map((figures) => {
      const figure = figures[name];
      return [
        brandName(scene, figures.brand),
        intervalBar(figure, figures.brand === main ? 'own' : 'rival'),
        measured(scene, figure, 'share'),
      ];
    }),
  });
}

/** A value with its basis and its interval, and a mark if it is based on too few answers. */
function measured({ words }: Scene, figure: Figure, scale: Scale): Markup {
  const { tooThin, least, unknown } = figure;
  const unheard = unknown > 0 && html` · ${words.unheardCount(unknown)}`;
  const counted = html`<small>${behind(figure, scale)}${unheard}</small>`;
  const sure = least !== null && html`<br><small title="${words.interval}">${interval(figure, scale)}</small>`;
  const mark = tooThin && html` <abbr class="thin-mark" title="${words.thinMeaning}">${words.thin}</abbr>`;
  return html`<span class="value">${valueText(figure, scale)}</span> ${counted}${mark}${sure}`;
}

function noiseNote({ words, run, main }: Scene): Content {
  const noise = run.report.figures.bare.noise?.find(({ brand }) => brand === main)?.halves.mentionRate ?? null;
  return noise !== null && note(words.noise(main, `${Math.round(100 * noise)} pp`));
}

function thinNote({ words }: Scene, figure: Figure | undefined): Content {
  return figure?.tooThin === true && html`<p class="warning">${words.allThin}</p>`;
}
