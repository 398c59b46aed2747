/** A report on one screen of a terminal. */
import type { BrandFigures } from '../figures/brand-figures.ts';
import { type CallCounts, callsOf, countedCalls, GOOD_COVERAGE, wholeShare } from '../figures/coverage.ts';
import type { BrandScore } from '../figures/scores.ts';
import type { Report } from '../module/report.ts';
import { planWarning } from '../module/run-plan.ts';
import { isPreliminary } from '../status/certainty.ts';
import { money, placeText, scoreText, seconds, valueText } from './numbers.ts';

/** The most lines of a list that are shown; further ones are counted. */
const MAX_LINES = 8;
const MAX_WORDS = 60;

/** `more` are extra lines for its head, such as the time that the same calls would take one by one. */
export function summaryOf(report: Report, more: readonly string[] = []): string {
  const { whole, partial, failed, pending = 0 } = report.coverage as CallCounts;
  const isEarly = isPreliminary(report);
  const against = report.rivals.length === 0 ? '' : ` against ${report.rivals.map(plain).join(', ')}`;
  const lines = [
    `${plain(report.brand)}${against}: ${isEarly ? 'preliminary' : report.status} after ${seconds(report.elapsed)}`,
    isEarly
      ? `calls: ${whole} whole, ${partial} read as far as they have come, ${pending} without a word yet, ${failed} failed; cost so far: ${money(report.cost)}`
      : `calls: ${whole} whole, ${partial} cut off with their text kept, ${failed} failed; cost: ${money(report.cost)}`,
    ...unheard(report),
    ...planWarning(report.plan),
    ...more,
    ...visibility(report),
    ...sources(report),
    ...missing(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** Said before any figure. */
function unheard({ coverage, success }: Report): string[] {
  if (!success || coverage.whole === callsOf(coverage)) return [];
  const few = wholeShare(coverage) < GOOD_COVERAGE ? ['fewer than 80% of the calls were answered in full'] : [];
  return [
    ...few,
    'what was not heard is unknown: figures may be bounds, and brands whose intervals overlap have no order',
  ];
}

function visibility({ figures, scores, success, status }: Report): string[] {
  if (!success && status === 'completed') return ['', 'no call has said anything yet, so there are no figures'];
  if (!success) return ['', 'no call was answered, so there are no figures'];
  const { coverage, brands } = figures.bare.overall;
  const answers = countedCalls(coverage);
  if (answers === 0) return ['', 'every answered question names the brand: nothing can be said about its visibility'];
  const thin = brands[0]?.mentionRate.tooThin === true ? ' (fewer than ten are known: too thin to compare)' : '';
  const head = ['place', 'score', 'mentioned', 'first', 'rank', 'voice', 'sentiment', 'brand'];
  const rows = brands.map((each, index) => brandCells(each, scores[index]));
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((cells) => cells[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, at) => (at === cells.length - 1 ? cell : cell.padStart(widths[at] ?? 0))).join('  ')}`;
  return ['', `of ${answers} answers to questions that name no brand${thin}:`, ...[head, ...rows].map(line)];
}

function brandCells(figures: BrandFigures, score: BrandScore | undefined): string[] {
  const { brand, mentionRate, firstMentionRate, averageRank, shareOfVoice, sentiment } = figures;
  return [
    placeText(score?.place ?? null),
    scoreText(score),
    valueText(mentionRate, 'share'),
    valueText(firstMentionRate, 'share'),
    valueText(averageRank, 'rank'),
    valueText(shareOfVoice, 'share'),
    valueText(sentiment, 'net'),
    plain(brand),
  ];
}

function sources({ figures, sources: pages }: Report): string[] {
  const { domains, moreDomains = 0 } = figures.bare.overall.sources;
  if (domains.length === 0) return [];
  const read = pages.filter(({ status }) => status === 'read').length;
  return [
    '',
    `cited (${read} of ${pages.length} pages read):`,
    ...firstOf(
      domains.map(({ domain, answers }) => `  ${answers.numerator}×  ${plain(domain)}`),
      moreDomains,
    ),
  ];
}

function missing({ results }: Report): string[] {
  const failed = results.filter(({ status }) => status === 'failed');
  const lines = failed.map(
    ({ model, question, error }) => `  ${plain(model)}: ${error?.error_type ?? 'unknown'}, ${plain(question)}`,
  );
  const remedies = failed.flatMap(({ model, error }) =>
    error?.remedy === undefined ? [] : [`  ${plain(model)}: ${error.remedy}`],
  );
  return lines.length === 0
    ? []
    : [
        '',
        'missing:',
        ...firstOf(lines),
        ...(remedies.length === 0 ? [] : ['what to do:', ...firstOf([...new Set(remedies)])]),
      ];
}

/** `others`: how many more there are that are not among the lines. */
function firstOf(lines: readonly string[], others = 0): string[] {
  const rest = lines.length - MAX_LINES + others;
  return rest > 0 ? [...lines.slice(0, MAX_LINES), `  and ${rest} more`] : [...lines];
}

/** Text of a model or a file as part of a line, without control characters and direction changes. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must not reach a terminal.
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ');
  const chars = [...flat];
  return chars.length <= MAX_WORDS ? flat : `${chars.slice(0, MAX_WORDS - 1).join('')}…`;
}
