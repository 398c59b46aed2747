/** The top of the page: how the brand stands, how sure that is, and what to do first. */

import { ordinaryNames } from '../../extraction/ordinary-words.ts';
import { countedCalls, GOOD_COVERAGE, statusesOf, wholeShare } from '../../figures/coverage.ts';
import { brandsOf } from '../../module/input.ts';
import { isPreliminary } from '../../status/certainty.ts';
import { negativeSources } from '../../status/negative-sources.ts';
import { recommendationsOf } from '../../status/recommendations.ts';
import { intervalBar } from '../charts/interval-bar.ts';
import { type Content, foreign, html, type Markup } from '../html.ts';
import { instant, interval, money, placeText, scoreText, seconds, valueText } from '../numbers.ts';
import { note, table } from './layout.ts';
import { brandName, kindText, listed, type Scene } from './scene.ts';

/** Advice beyond these stands in the JSON. */
const SHOWN_ADVICE = 3;

export function headline(scene: Scene): Markup {
  const { run, words, main } = scene;
  const { report } = run;
  const rivals = listed(scene, report.rivals.map(foreign));
  const [before = '', after = ''] = words.against('\n').split('\n');
  return html`${banner(scene)}<header><p class="kind">${words.title}</p><h1>${foreign(main)}</h1><p class="rivals">${
    report.rivals.length > 0 && html`${before}${rivals}${after}`
  }</p><p class="when">${instant(run.acceptedAtMs)} · ${seconds(report.elapsed)} · ${words.wholeOf(report.coverage.whole, report.total)}</p>${
    !report.success && html`<p class="warning">${run.isLast ? words.note.failed : words.note.nothingYet}</p>`
  }</header>${report.success && summary(scene)}${cards(scene)}`;
}

/** Above everything: whether another report will come, and how much was not heard. */
function banner({ run, words }: Scene): Content {
  const { coverage, total, success } = run.report;
  const counts = { ...coverage, pending: coverage.pending ?? 0, calls: total };
  if (isPreliminary(run.report)) {
    const says = run.isLast ? words.endedBefore(counts) : words.preliminary(counts);
    return html`<p class="banner urgent" role="${run.isLast ? 'note' : 'status'}">${says}</p>`;
  }
  if (coverage.whole === total || !success) return null;
  const grade = wholeShare(coverage) < GOOD_COVERAGE ? 'banner urgent' : 'banner';
  return html`<p class="${grade}" role="note">${words.banner(counts)}</p>`;
}

function summary(scene: Scene): Content {
  const { run, words, main } = scene;
  const { report } = run;
  const { brands, coverage } = report.figures.bare.overall;
  const own = brands.find(({ brand }) => brand === main);
  if (own === undefined || countedCalls(coverage) === 0) return html`<div class="summary">${advice(scene)}</div>`;
  const { place } = report.scores.find(({ brand }) => brand === main) ?? { place: null };
  const stands =
    place === null
      ? words.standing.none
      : place.best === place.worst
        ? words.standing.known(place.best, brands.length)
        : words.standing.open(place.best, place.worst, brands.length);
  const sure = own.mentionRate.tooThin
    ? words.sureness.thin
    : words.sureness.interval(interval(own.mentionRate, 'share'));
  const ordinary = brandsOf(run.input).flatMap(ordinaryNames);
  return html`<div class="summary"><div><p class="lead">${words.named(main, valueText(own.mentionRate, 'share'), countedCalls(coverage))}${words.space}${stands}</p><p class="sure">${sure}</p>${
    ordinary.length > 0 && html`<p class="warning">${words.ordinary(ordinary.join(words.comma))}</p>`
  }${standings(scene)}</div>${advice(scene)}</div>`;
}

/** The brands on one scale: what can be told apart is seen at a glance. */
function standings(scene: Scene): Markup {
  const { run, words, main } = scene;
  const scores = [...run.report.scores].sort((a, b) => (b.least ?? 0) + (b.most ?? 0) - (a.least ?? 0) - (a.most ?? 0));
  return html`${table({
    caption: words.standings,
    kind: 'bars standings',
    head: [words.brand, '', words.score, words.place],
    rows: scores.map((score) => [
      brandName(scene, score.brand),
      intervalBar(score, score.brand === main ? 'own' : 'rival', 100),
      html`<span class="value">${scoreText(score)}</span>`,
      placeText(score.place),
    ]),
  })}${note(words.standingsNote)}`;
}

function advice({ run, words }: Scene): Markup {
  const { report, input, isLast } = run;
  const found = recommendationsOf({ report, input, negative: negativeSources(report), isLast }).slice(0, SHOWN_ADVICE);
  const items = found.map(
    ({ text, reason, priority }) =>
      html`<li class="${priority}"><strong>${text}</strong><br><small>${reason}</small></li>`,
  );
  return html`<div class="advice"><h2>${words.doFirst}</h2>${
    found.length === 0 ? note(words.nothingToDo) : html`<ol>${items}</ol>`
  }</div>`;
}

function cards(scene: Scene): Markup {
  const { run, words, main } = scene;
  const { report } = run;
  const { brands } = report.figures.bare.overall;
  const own = brands.find(({ brand }) => brand === main);
  const score = report.scores.find(({ brand }) => brand === main);
  const { coverage } = report;
  const counts = statusesOf(coverage)
    .map((status) => `${coverage[status]} ${kindText(scene, status)}`)
    .join(' · ');
  const shares = ['mentionRate', 'shareOfVoice', 'interception'] as const;
  const drawn = [
    card(words.score, scoreText(score), words.scoreMeaning),
    ...shares.map(
      (name) => own && card(words.figure[name], valueText(own[name], 'share'), interval(own[name], 'share')),
    ),
    own && card(words.figure.averageRank, valueText(own.averageRank, 'rank'), interval(own.averageRank, 'rank')),
    card(words.wholeAnswers, `${coverage.whole}/${report.total}`, counts),
    card(words.cost, money(report.cost), html`${costBound(scene)}${words.costMeaning}`),
  ];
  return html`<dl class="cards">${drawn}</dl>`;
}

/** The bound, where some tokens were not counted. */
function costBound({ run, words }: Scene): Content {
  const { cost, cost_at_most: most } = run.report;
  return most !== null && most !== cost && html`${words.atMost(money(most))} · `;
}

function card(name: string, value: string, detail: Content): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd><dd class="detail">${detail}</dd></div>`;
}
