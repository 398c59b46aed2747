/** The report of a run: what was asked, what was answered, what it comes to, and what is missing. */
import { brandsOf, type DiagnosisInput } from './input.ts';
import type { CallItem, FiguresItem, ReportItem, SourceItem } from './items.ts';
import type { RunPlan } from './run-plan.ts';

export interface ReportParts {
  readonly calls: readonly CallItem[];
  readonly figures: FiguresItem;
  readonly sources: readonly SourceItem[];
  readonly plan: RunPlan;
  readonly revision: number;
  /** Whether no other report will come. */
  readonly isFinal: boolean;
  /** Milliseconds since the run was accepted. */
  readonly elapsedMs: number | null;
}

export function reportOf(
  input: DiagnosisInput,
  { calls, figures, sources, plan, elapsedMs, revision, isFinal }: ReportParts,
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
    questions: [...new Set(input.questions)],
    elapsed: elapsedMs,
    total: calls.length,
    completed,
    coverage,
    cost: sumOf(calls.map(({ cost }) => cost)),
    cost_at_most: sumOf(calls.map(({ cost_at_most }) => cost_at_most)),
    plan,
    results: calls.filter(({ status }) => status !== 'pending').map(resultOf),
    figures: figures.figures,
    scores: figures.scores,
    discovered: figures.discovered,
    sources: readPages(figures, sources),
  };
}

/** What became of the pages that were to be read; one that is cited no more is left out, and so is one that is still being read. */
function readPages({ cited }: FiguresItem, sources: readonly SourceItem[]): ReportItem['sources'] {
  const byUrl = new Map(sources.map((source) => [source.url, source]));
  return cited.flatMap(({ url, answers }) => {
    const source = byUrl.get(url);
    return source === undefined ? [] : [{ ...source, answers }];
  });
}

/** Null if a part is unknown: then the whole is unknown too. */
function sumOf(costs: readonly (number | null)[]): number | null {
  return costs.reduce((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0);
}

/** Why a run failed, when it did: no call was answered. */
export function failureOf({ total, completed, results }: ReportItem): string | undefined {
  if (completed > 0) return undefined;
  const counts = new Map<string, number>();
  for (const { error } of results) {
    const type = error?.error_type ?? 'unknown';
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const kinds = [...counts].sort(([, a], [, b]) => b - a).map(([type, count]) => `${type} ${count}`);
  return `none of ${total} calls was answered (${kinds.join(', ')})`;
}

/** A call as results tell of it. */
export function resultOf(call: CallItem): ReportItem['results'][number] {
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
