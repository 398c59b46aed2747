/** The report of a run: what was asked, what was answered, what it comes to, and what is missing. */
import {
  type ByKind,
  joinTables,
  type ModelFigures,
  type QuestionFigures,
  type RunFigures,
} from '../figures/figure-tables.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import type {
  CallItem,
  CitedItem,
  FiguresItem,
  ModelFiguresItem,
  QuestionFiguresItem,
  ReportItem,
  SourceItem,
} from './items.ts';
import type { RunPlan } from './run-plan.ts';

/** What of a call its report counts. */
export type CountedCall = Pick<CallItem, 'question' | 'model' | 'repeat' | 'status' | 'cost' | 'cost_at_most'> & {
  readonly error: Pick<NonNullable<CallItem['error']>, 'error_type'> | null;
};

export function countedCall({ question, model, repeat, status, cost, cost_at_most, error }: CallItem): CountedCall {
  const reason = error === null ? null : { error_type: error.error_type };
  return { question, model, repeat, status, cost, cost_at_most, error: reason };
}

export interface ReportParts {
  readonly calls: readonly CountedCall[];
  readonly figures: FiguresItem;
  readonly plan: RunPlan;
  readonly revision: number;
  /** Whether no other report will come. */
  readonly isFinal: boolean;
  /** Milliseconds since the run was accepted. */
  readonly elapsedMs: number | null;
}

/** The head of the report, which is stored as one row. */
export function reportOf(
  input: DiagnosisInput,
  { calls, figures, plan, elapsedMs, revision, isFinal }: ReportParts,
): ReportItem {
  const [main, ...rivals] = brandsOf(input);
  const count = (status: CallItem['status']): number => calls.filter((call) => call.status === status).length;
  const coverage = {
    ...{ whole: count('whole'), partial: count('partial') },
    ...{ failed: count('failed'), pending: count('pending') },
  };
  const completed = coverage.whole + coverage.partial;
  return {
    revision,
    final: isFinal,
    success: completed > 0,
    status: completed > 0 || !isFinal ? 'completed' : 'failed',
    brand: main?.name ?? '',
    rivals: rivals.map(({ name }) => name),
    models: [...new Set(input.models)],
    elapsed: elapsedMs,
    total: calls.length,
    completed,
    coverage,
    cost: sumOf(calls.map(({ cost }) => cost)),
    cost_at_most: sumOf(calls.map(({ cost_at_most }) => cost_at_most)),
    plan,
    errors: errorsOf(calls),
    figures: figures.figures,
    scores: figures.scores,
    discovered: figures.discovered,
  };
}

/** A report with all its tables, as people and programs get it. */
export interface Report extends Omit<ReportItem, 'figures'> {
  readonly questions: readonly string[];
  /** Of the calls that have said something or failed: a pending one has no result. */
  readonly results: readonly CallResult[];
  readonly figures: RunFigures;
  /** What became of the pages that were to be read; `answers`: how many cite or link the page. */
  readonly sources: readonly ReadPage[];
}

export type ReadPage = SourceItem & { readonly answers: number };

/** A call as results tell of it. */
export interface CallResult extends Pick<CallItem, 'brand' | 'model' | 'question' | 'repeat' | 'error'> {
  readonly status: 'success' | 'failed';
  readonly partial: boolean;
  readonly data: CallItem['geo_data'];
  readonly elapsed: CallItem['elapsed_ms'];
}

/** What stands beside the head of a report, of the same revision. */
export interface ReportTables {
  /** Those that the report rests on. */
  readonly calls: readonly CallItem[];
  readonly byModel: readonly ModelFiguresItem[];
  readonly byQuestion: readonly QuestionFiguresItem[];
  readonly cited: readonly CitedItem[];
  readonly sources: readonly SourceItem[];
}

/** A report of an older version was one row, with all its tables in it. */
export function isWholeReport(head: ReportItem | Report): head is Report {
  return 'results' in head;
}

/** Joins the tables to their head; a report of an older version has its own. */
export function wholeReport(
  head: ReportItem | Report,
  { questions }: Pick<DiagnosisInput, 'questions'>,
  { calls, byModel, byQuestion, cited, sources }: ReportTables,
): Report {
  if (isWholeReport(head)) return head;
  return {
    ...head,
    questions: [...new Set(questions)],
    results: calls.filter(({ status }) => status !== 'pending').map(resultOf),
    figures: joinTables(
      head.figures,
      splitByKind(byModel, ({ model, figures }): ModelFigures => ({ model, figures })),
      splitByKind(byQuestion, ({ question, figures }): QuestionFigures => ({ question, figures })),
    ),
    sources: readPages(cited, sources),
  };
}

function splitByKind<Row extends { readonly branded: boolean }, Own>(
  rows: readonly Row[],
  toOwn: (row: Row) => Own,
): ByKind<Own[]> {
  const of = (isBranded: boolean): Own[] => rows.filter(({ branded }) => branded === isBranded).map(toOwn);
  return { bare: of(false), branded: of(true) };
}

/** A page that is cited no more is left out, and so is one that is still being read. */
function readPages(cited: readonly CitedItem[], sources: readonly SourceItem[]): ReadPage[] {
  const byUrl = new Map(sources.map((source) => [source.url, source]));
  return cited.flatMap(({ url, answers }) => {
    const source = byUrl.get(url);
    return source === undefined ? [] : [{ ...source, answers }];
  });
}

function errorsOf(calls: readonly Pick<CountedCall, 'status' | 'error'>[]): ReportItem['errors'] {
  const failed = calls.filter(({ status }) => status === 'failed');
  const byType = Map.groupBy(failed, ({ error }) => error?.error_type ?? 'unknown');
  return [...byType]
    .map(([error_type, each]) => ({ error_type, count: each.length }))
    .sort((a, b) => b.count - a.count);
}

/** Null if a part is unknown: then the whole is unknown too. */
function sumOf(costs: readonly (number | null)[]): number | null {
  return costs.reduce((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0);
}

/** Why a run failed, when it did: no call was answered. */
export function failureOf(report: ReportItem | Report): string | undefined {
  const { total, completed } = report;
  if (completed > 0) return undefined;
  const errors = isWholeReport(report)
    ? errorsOf(report.results.map(({ error }) => ({ status: 'failed', error })))
    : report.errors;
  const kinds = errors.map(({ error_type, count }) => `${error_type} ${count}`);
  return `none of ${total} calls was answered (${kinds.join(', ')})`;
}

export function resultOf(call: CallItem): CallResult {
  const { brand, model, question, repeat, status, geo_data, error, elapsed_ms } = call;
  return {
    brand,
    model,
    question,
    repeat,
    status: status === 'failed' ? 'failed' : 'success',
    partial: status === 'partial',
    data: geo_data,
    error,
    elapsed: elapsed_ms,
  };
}
