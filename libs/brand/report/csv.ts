/**
 * The answers as a table for spreadsheets: a row for each call × brand, UTF-8 with a byte order mark, because spreadsheets misread
 * Chinese without one. A failed call has its rows too, without findings.
 */
import { csvLines } from '../../cli/output/csv-lines.ts';
import { brandsOf } from '../module/input.ts';
import type { CallItem, MentionItem } from '../module/items.ts';
import { callKey } from '../module/plan.ts';
import { findingsByCall, type RunReport } from './run-report.ts';

type Cell = string | number | boolean | null;

/** The columns in their order. Those of the call are the same in the rows of all brands: do not add up their costs. */
export const CSV_COLUMNS = [
  'run_id',
  'question',
  'branded',
  'model',
  'repeat',
  'status',
  'error_type',
  'brand',
  'is_main',
  'mentioned',
  'rank',
  'rank_source',
  'list_rank',
  'mention_rank',
  'recommended',
  'discouraged',
  'sentiment',
  'sentiment_score',
  'evidence',
  'cited_urls',
  'call_elapsed_ms',
  'call_cost',
  'from_cache',
  'prompt',
  'timestamp',
] as const;

type Row = Readonly<Record<(typeof CSV_COLUMNS)[number], Cell>>;

export function reportCsv(run: RunReport): string {
  const findings = findingsByCall(run.mentions);
  const brands = brandsOf(run.input).map(({ name }) => name);
  const rows = run.calls.flatMap((call) => {
    const own = findings.get(callKey(call.question, call.model, call.repeat)) ?? [];
    return brands.map((brand) =>
      rowOf(
        run,
        call,
        brand,
        own.find((mention) => mention.brand === brand),
      ),
    );
  });
  return `\ufeff${csvLines([CSV_COLUMNS, ...rows.map((row) => CSV_COLUMNS.map((column) => row[column]))])}`;
}

/** Of an answer that was cut off, what it did not say by then is unknown, and its cells are empty. */
function rowOf({ runId }: RunReport, call: CallItem, brand: string, mention: MentionItem | undefined): Row {
  const finding = mention?.finding;
  const whole = call.status === 'whole' ? finding : undefined;
  return {
    run_id: runId,
    question: call.question,
    branded: call.branded,
    model: call.model,
    repeat: call.repeat,
    status: call.status,
    error_type: call.error?.error_type ?? null,
    brand,
    is_main: brand === call.brand,
    mentioned: finding?.mentioned === true ? true : (whole?.mentioned ?? null),
    rank: finding?.rank ?? null,
    rank_source: finding?.rankSource ?? null,
    list_rank: finding?.listRank ?? null,
    mention_rank: finding?.mentionRank ?? null,
    recommended: whole?.recommended ?? null,
    discouraged: whole?.discouraged ?? null,
    sentiment: whole?.sentiment ?? null,
    sentiment_score: whole?.sentimentScore ?? null,
    evidence: finding?.evidence?.sentence ?? null,
    cited_urls: call.geo_data?.cited_sources.map(({ url }) => url).join(' ') ?? null,
    call_elapsed_ms: call.elapsed_ms,
    call_cost: call.cost,
    from_cache: call.from_cache,
    prompt: call.prompt,
    timestamp: call.timestamp,
  };
}
