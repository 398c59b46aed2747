/** The rank matrices: brand × model, and question × model for the diagnosed brand. */
import type { Figure } from '../../figures/figure.ts';
import type { CallItem } from '../../module/items.ts';
import { callKey } from '../../module/plan.ts';
import { foreign, html, type Markup } from '../html.ts';
import { decimal } from '../numbers.ts';
import { type Cell, note, section, table } from './layout.ts';
import { brandName, kindText, type Scene } from './scene.ts';

export function ranks(scene: Scene): Markup {
  const { words } = scene;
  return section('ranks', words.section.ranks, [
    note(words.note.ranksByModel),
    byModel(scene),
    note(words.note.ranksByQuestion),
    byQuestion(scene),
  ]);
}

function byModel(scene: Scene): Markup {
  const { words, run } = scene;
  const { byModel: answered, overall } = run.report.figures.bare;
  // In the order of the input, not of their answers.
  const models = run.report.models.flatMap((model) => answered.filter((each) => each.model === model));
  const columns = [...models.map(({ figures }) => figures), overall];
  return table({
    caption: `${words.brand} × ${words.model}`,
    kind: 'matrix',
    head: [words.brand, ...models.map(({ model }) => foreign(model)), words.overall],
    rows: overall.brands.map(({ brand }) => [
      brandName(scene, brand),
      ...columns.map(({ brands }) => {
        const own = brands.find((figures) => figures.brand === brand);
        return own === undefined ? { content: '' } : meanCell(scene, own.averageRank, own.mentionRate);
      }),
    ]),
  });
}

function meanCell({ words }: Scene, rank: Figure, mentions: Figure): Cell {
  if (mentions.denominator === 0) return { content: html`<small>${words.noAnswer}</small>`, tone: 'void' };
  const counted = html`<br><small>${mentions.numerator}/${mentions.denominator}</small>`;
  if (mentions.most === 0) return { content: html`<small>${words.absent}</small>${counted}`, tone: 'absent' };
  if (rank.denominator === 0) return { content: html`<small>${words.notHeard}</small>${counted}`, tone: 'void' };
  // Over the answers whose rank is known; a sign says that others were cut off.
  const mean = rank.numerator / rank.denominator;
  const more = rank.unknown > 0 && html` <abbr title="${words.unheardCount(rank.unknown)}">◐</abbr>`;
  return { content: html`<b>${decimal(mean)}</b>${more}${counted}`, tone: toneOf(mean) };
}

function byQuestion(scene: Scene): Markup {
  const { words, run } = scene;
  const calls = run.calls.filter(({ branded }) => !branded);
  const questions = run.report.questions.filter((question) => calls.some((call) => call.question === question));
  const byCell = Map.groupBy(calls, ({ question, model }) => callKey(question, model, 0));
  return table({
    caption: `${words.question} × ${words.model}`,
    kind: 'matrix',
    head: [words.question, ...run.report.models.map(foreign)],
    rows: questions.map((question) => [
      foreign(question),
      ...run.report.models.map((model) => answersCell(scene, byCell.get(callKey(question, model, 0)) ?? [])),
    ]),
  });
}

/** The answers of one model to one question, as many as it was asked. */
function answersCell(scene: Scene, calls: readonly CallItem[]): Cell {
  const { words, findings, main } = scene;
  const answered = calls.filter(({ status }) => status !== 'failed');
  if (answered.length === 0) {
    const types = [...new Set(calls.flatMap(({ error }) => (error === null ? [] : [error.error_type])))];
    const why = types.map((type) => words.error[type] ?? type).join(words.comma);
    return { content: html`<small>${words.noAnswer}${why !== '' && html`<br>${why}`}</small>`, tone: 'void' };
  }
  const found = answered.flatMap(({ question, model, repeat }) => {
    const own = findings.get(callKey(question, model, repeat))?.find(({ brand }) => brand === main);
    return own?.finding.rank ?? [];
  });
  const cut = answered.some(({ status }) => status !== 'whole')
    ? html` <abbr title="${kindText(scene, 'partial')}">◐</abbr>`
    : html``;
  const counted = calls.length > 1 && html`<br><small>${found.length}/${answered.length}</small>`;
  if (found.length === 0) {
    const isKnown = answered.every(({ status }) => status === 'whole');
    const says = isKnown ? words.absent : words.notHeard;
    return { content: html`<small>${says}</small>${cut}${counted}`, tone: isKnown ? 'absent' : 'void' };
  }
  const mean = found.reduce((sum, rank) => sum + rank, 0) / found.length;
  const shown = found.length === 1 ? String(found[0]) : decimal(mean);
  return { content: html`<b>${shown}</b>${cut}${counted}`, tone: toneOf(mean) };
}

/** The better the rank, the stronger. */
function toneOf(rank: number): string {
  return `rank-${Math.min(5, Math.max(1, Math.round(rank)))}`;
}
