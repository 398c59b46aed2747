/** One run against its deadline: how long it took beside what its calls took, and what became of them. Pure. */
import { tableTimeoutMs } from '../../../libs/brand/codecs/timeouts.ts';
import type { CallItem, ReportItem } from '../../../libs/brand/module/items.ts';
import { EVENTS } from '../../../libs/contracts/events.ts';
import type { StoredEvent, StoredItem } from '../../../libs/store/port.ts';
import type { LedgerEntry } from './ledger.ts';

export interface Observed {
  /** From before the submission to the moment at which the run is known to be closed; infinite when it never was. */
  readonly wallMs: number;
  readonly deadlineMs: number;
  readonly reserveMs: number;
  readonly items: readonly StoredItem[];
  readonly events: readonly StoredEvent[];
  readonly endedAtMs: number | undefined;
  /** Of this run alone. */
  readonly ledger: readonly LedgerEntry[];
}

export interface RunFigures {
  readonly wallMs: number;
  readonly inTime: boolean;
  readonly hasReport: boolean;
  /** `partial`: cut off with its text kept; `cut`: by the deadline, before any text; `failed`: otherwise. */
  readonly calls: Readonly<Record<'whole' | 'partial' | 'cut' | 'failed', number>>;
  /** Of the calls whose text was kept, whole or partial, from being sent to the last byte that was taken. */
  readonly slowestKeptMs: number;
  /** What the same calls take one after the other, each waited for to its last word. */
  readonly serialMs: number;
  /** From the moment at which the last call was over (the phase `ask` closed) to the end of the run. */
  readonly analysisMs: number;
  /** Calls that a model answers within the time that a call has, by the ledger … */
  readonly answerable: number;
  /** … and those of them that are whole in the report. */
  readonly answered: number;
}

/** A call that needs all but so much of its time may go either way: it counts as neither. */
const MARGIN_MS = 250;

export function observedRun(observed: Observed): RunFigures {
  const { wallMs, deadlineMs, reserveMs, items, ledger } = observed;
  const calls = dataOf<CallItem>(items, 'call');
  const kept = calls.filter(({ status }) => status !== 'failed');
  const first = ledger.filter(({ nth }) => nth === 1);
  const answerable = first.filter(({ model, question, wholeMs }) => {
    const budgetMs = Math.min(deadlineMs - reserveMs, tableTimeoutMs(model, question));
    return wholeMs <= budgetMs - MARGIN_MS;
  });
  const whole = new Set(calls.filter(({ status }) => status === 'whole').map(keyOf));
  return {
    wallMs,
    inTime: wallMs <= deadlineMs,
    hasReport: dataOf<ReportItem>(items, 'report').length === 1,
    calls: countsOf(calls),
    slowestKeptMs: Math.max(0, ...kept.map(({ elapsed_ms }) => elapsed_ms ?? 0)),
    serialMs: first.reduce((sum, entry) => sum + entry.wholeMs, 0),
    analysisMs: analysisMsOf(observed),
    answerable: answerable.length,
    answered: answerable.filter((entry) => whole.has(keyOf(entry))).length,
  };
}

function countsOf(calls: readonly CallItem[]): RunFigures['calls'] {
  const isCut = ({ status, error }: CallItem) => status === 'failed' && error?.error_type === 'deadline_exceeded';
  const count = (holds: (call: CallItem) => boolean) => calls.filter(holds).length;
  return {
    whole: count(({ status }) => status === 'whole'),
    partial: count(({ status }) => status === 'partial'),
    cut: count(isCut),
    failed: count((call) => call.status === 'failed' && !isCut(call)),
  };
}

/** Not a number when the timeline does not tell. */
function analysisMsOf({ events, endedAtMs }: Observed): number {
  const asked = events.find(({ type, data }) => type === EVENTS.PhaseClosed.type && data.phase === 0);
  return asked === undefined || endedAtMs === undefined ? Number.NaN : endedAtMs - asked.atMs;
}

function keyOf({ model, question }: { readonly model: string; readonly question: string }): string {
  return JSON.stringify([model, question]);
}

function dataOf<T>(items: readonly StoredItem[], type: string): T[] {
  return items.filter((item) => item.type === type).map(({ data }) => JSON.parse(data) as T);
}
