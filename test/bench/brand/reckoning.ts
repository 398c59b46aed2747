/** What a survey says it did and what it cost, held against what the providers saw. Pure. */
import type { CallItem, ReportItem } from '../../../libs/brand/module/items.ts';
import { type LedgerEntry, mostAtOnce, mostStarts } from './ledger.ts';
import { answerIdIn } from './script.ts';
import type { SurveyRun } from './survey.ts';

export interface SurveyedRun {
  readonly planned: SurveyRun;
  /** Whether it ended by itself. */
  readonly completed: boolean;
  readonly dead: number;
  readonly items: readonly { readonly type: string; readonly data: string }[];
}

export interface SurveyOutcome {
  readonly runs: readonly SurveyedRun[];
  readonly ledger: readonly LedgerEntry[];
  /** Processes that were killed on the way. */
  readonly killed: number;
  readonly seconds: number;
}

export interface Reckoning {
  /** Calls that were planned, and those that are whole in the runs' rows. */
  readonly planned: number;
  readonly whole: number;
  /** Sentences about runs that did not end as they should. */
  readonly faults: readonly string[];
  /** As the reports sum it up, in millionths of the currency … */
  readonly reportedCost: number;
  /** … and as the providers do, over the answers that stand in the rows. */
  readonly committedCost: number;
  /** What was asked or answered beside: calls that were under way at a kill. */
  readonly repeatedCalls: number;
  readonly repeatedCost: number;
  /** Calls that began after an equal one whose answer stands in a row. */
  readonly askedAfterStored: number;
  /** Over all models: calls under way at once, and calls begun within a span, at most. */
  readonly mostAtOnce: number;
  readonly mostStarts: number;
}

/** Long enough that the jitter of single calls does not show. */
export const RATE_SPAN_MS = 10_000;
const MILLION = 1_000_000;

export function reckon({ runs, ledger }: SurveyOutcome): Reckoning {
  const byId = new Map(ledger.map((entry) => [entry.id, entry]));
  const faults: string[] = [];
  const committed = new Set<LedgerEntry>();
  let whole = 0;
  let reportedCost = 0;
  for (const { planned, completed, dead, items } of runs) {
    const calls = dataOf<CallItem>(items, 'call');
    const reports = dataOf<ReportItem>(items, 'report');
    const tell = (what: string) => faults.push(`${planned.name}: ${what}`);
    if (!completed || dead !== 0) tell(`ended ${completed ? '' : 'by force, '}with ${dead} dead nodes`);
    if (calls.length !== planned.calls) tell(`has ${calls.length} rows for ${planned.calls} calls`);
    if (reports.length !== 1) tell(`has ${reports.length} reports`);
    reportedCost += reports.reduce((sum, { cost_at_most }) => sum + (cost_at_most ?? 0), 0);
    for (const call of calls) {
      if (call.status === 'whole') whole += 1;
      const entry = byId.get(answerIdIn(call.response ?? '') ?? '');
      const isRight = entry?.outcome === 'answered' && entry.model === call.model && entry.question === call.question;
      if (!isRight) tell(`${call.model}, ${call.question}: the row is no answer that the model gave to it`);
      else if (committed.has(entry)) tell(`${call.model}, ${call.question}: one answer stands in two rows`);
      else committed.add(entry);
    }
  }
  const rest = ledger.filter((entry) => !committed.has(entry));
  const lastStored = new Map([...committed].map((entry) => [keyOf(entry), entry.nth]));
  return {
    planned: runs.reduce((sum, run) => sum + run.planned.calls, 0),
    whole,
    faults,
    reportedCost: Math.round(reportedCost * MILLION),
    committedCost: costOf([...committed]),
    repeatedCalls: rest.length,
    repeatedCost: costOf(rest.filter(({ outcome }) => outcome === 'answered')),
    askedAfterStored: rest.filter((entry) => entry.nth > (lastStored.get(keyOf(entry)) ?? entry.nth)).length,
    mostAtOnce: Math.max(0, ...mostAtOnce(ledger).values()),
    mostStarts: Math.max(0, ...mostStarts(ledger, RATE_SPAN_MS).values()),
  };
}

function costOf(entries: readonly LedgerEntry[]): number {
  return entries.reduce((sum, { costMillionths }) => sum + costMillionths, 0);
}

function keyOf({ model, question }: LedgerEntry): string {
  return JSON.stringify([model, question]);
}

function dataOf<T>(items: SurveyedRun['items'], type: string): T[] {
  return items.filter((item) => item.type === type).map(({ data }) => JSON.parse(data) as T);
}
