/** The top of the page: what was diagnosed, and the most important figures. */
import { type Content, foreign, html, type Markup } from '../html.ts';
import { decimal, instant, interval, money, percent, seconds, signed } from '../numbers.ts';
import { listed, type Scene } from './scene.ts';

export function headline(scene: Scene): Markup {
  const { run, words, main } = scene;
  const { report } = run;
  const rivals = listed(scene, report.rivals.map(foreign));
  const [before = '', after = ''] = words.against('\n').split('\n');
  return html`<header><p class="kind">${words.title}</p><h1>${foreign(main)}</h1><p class="rivals">${
    report.rivals.length > 0 && html`${before}${rivals}${after}`
  }</p><p class="when">${instant(run.acceptedAtMs)} · ${seconds(report.elapsed)} · ${words.answers(report.completed, report.total)}</p>${
    !report.success && html`<p class="warning">${words.note.failed}</p>`
  }</header>${cards(scene)}`;
}

function cards({ run, words, main }: Scene): Markup {
  const { report } = run;
  const own = report.figures.bare.overall.brands.find(({ brand }) => brand === main);
  const score = report.scores.find(({ brand }) => brand === main);
  const { whole, partial, failed } = report.coverage;
  const counts = (['whole', 'partial', 'failed'] as const)
    .map((status) => `${{ whole, partial, failed }[status]} ${words.status[status]}`)
    .join(' · ');
  const drawn = [
    card(words.score, decimal(score?.score ?? null), words.scoreMeaning),
    own && card(words.figure.mentionRate, percent(own.mentionRate.value), interval(own.mentionRate, 'share')),
    own && card(words.figure.averageRank, decimal(own.averageRank.value), interval(own.averageRank, 'rank')),
    own && card(words.figure.shareOfVoice, percent(own.shareOfVoice.value), interval(own.shareOfVoice, 'share')),
    own && card(words.figure.sentiment, signed(own.sentiment.value), interval(own.sentiment, 'net')),
    own && card(words.figure.interception, percent(own.interception.value), interval(own.interception, 'share')),
    card(words.coverage, `${report.completed}/${report.total}`, counts),
    card(words.cost, money(report.cost), words.costMeaning),
  ];
  return html`<dl class="cards">${drawn}</dl>`;
}

function card(name: string, value: string, detail: Content): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd><dd class="detail">${detail}</dd></div>`;
}
