/** A report on one screen. */
import type { BrandFigures } from '../../libs/brand/figures/brand-figures.ts';
import type { Figure } from '../../libs/brand/figures/figure.ts';
import type { ReportItem } from '../../libs/brand/module/items.ts';

interface Times {
  readonly wallMs: number;
  /** The same calls one after the other. */
  readonly serialMs: number;
}

export function summaryOf(report: ReportItem, { wallMs, serialMs }: Times): string {
  const { whole, partial, failed } = report.coverage;
  const { coverage, brands, sources } = report.figures.bare.overall;
  const lines = [
    `${report.brand} against ${report.rivals.join(', ')}: ${report.status} after ${seconds(wallMs)}`,
    `calls: ${whole} whole, ${partial} cut off with their text kept, ${failed} failed; one by one: ${seconds(serialMs)}`,
    `cost: ${report.cost.toFixed(6)}`,
    '',
    `of ${coverage.whole + coverage.partial} answers to questions that name no brand:`,
    '  score  mentioned  rank  voice  sentiment  brand',
    ...brands.map((figures, index) => brandLine(figures, report.scores[index]?.score ?? null)),
    '',
    'cited:',
    ...sources.domains.map(({ domain, answers }) => `  ${answers.numerator}×  ${domain}`),
    `cited pages read: ${report.sources.filter(({ status }) => status === 'read').length} of ${report.sources.length}`,
  ];
  const missing = report.results.filter(({ status }) => status === 'failed');
  for (const { model, question, error } of missing) lines.push(`missing: ${model}, ${question} (${error?.error_type})`);
  return `${lines.join('\n')}\n`;
}

function brandLine({ brand, mentionRate, averageRank, shareOfVoice, sentiment }: BrandFigures, score: number | null) {
  const cells = [
    (score === null ? '–' : score.toFixed(1)).padStart(7),
    percent(mentionRate).padStart(11),
    (averageRank.value?.toFixed(1) ?? '–').padStart(6),
    percent(shareOfVoice).padStart(7),
    (sentiment.value?.toFixed(2) ?? '–').padStart(11),
  ];
  return `${cells.join('')}  ${brand}`;
}

function percent({ value }: Figure): string {
  return value === null ? '–' : `${Math.round(100 * value)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
