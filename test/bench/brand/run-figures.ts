/** One run against its times: when its reports stood, what became of its calls, and whether the first report was true. Pure. */
import type { BrandFigures } from '../../../libs/brand/figures/brand-figures.ts';
import type { FigureName } from '../../../libs/brand/figures/observation.ts';
import type { CallItem, ReportItem } from '../../../libs/brand/module/items.ts';
import { EVENTS } from '../../../libs/contracts/events.ts';
import type { StoredEvent, StoredItem } from '../../../libs/store/port.ts';
import type { LedgerEntry } from './ledger.ts';

export interface Observed {
  /** From before the submission to the moment at which the run is known to be closed; infinite when it never was. */
  readonly wallMs: number;
  readonly deadlineMs: number;
  /** From the acceptance to the end of the last call. */
  readonly callsMs: number;
  /** The same to the first moment at which a client could read a report, and that report; undefined when there was none before the end. */
  readonly first: { readonly afterMs: number; readonly report: ReportItem } | undefined;
  readonly reportByMs: number;
  readonly items: readonly StoredItem[];
  readonly events: readonly StoredEvent[];
  readonly endedAtMs: number | undefined;
  /** Of this run alone. */
  readonly ledger: readonly LedgerEntry[];
}

export interface RunFigures {
  /** To the first report, preliminary or not; infinite without one. */
  readonly firstMs: number;
  readonly firstInTime: boolean;
  readonly wallMs: number;
  readonly inTime: boolean;
  /** Whether the run has exactly one report, its last. */
  readonly hasReport: boolean;
  /** In the first report. */
  readonly early: ReportItem['coverage'];
  /** In the last. `partial`: cut off with its text kept; `cut`: by the deadline, before any text; `failed`: otherwise. */
  readonly calls: Readonly<Record<'whole' | 'partial' | 'cut' | 'failed', number>>;
  /** Of the calls whose text was kept, whole or partial, from being sent to the last byte that was taken. */
  readonly slowestKeptMs: number;
  /** What the same calls take one after the other, each waited for to its last word. */
  readonly serialMs: number;
  /** From the moment at which the last call was over (the phase `ask` closed) to the end of the run. */
  readonly analysisMs: number;
  /** Calls that reached a model, and those that it answers within the time that a call has, by the ledger. */
  readonly asked: number;
  readonly possible: number;
  /** The same with a margin: these must be whole … */
  readonly answerable: number;
  /** … and those of them that are whole in the report. */
  readonly answered: number;
  /** Figures of the preliminary report that are known in the last one … */
  readonly bounded: number;
  /** … and those of them that lie between its bounds. */
  readonly held: number;
  readonly cost: { readonly early: number; readonly final: number };
  /** What the planner said before the first call. */
  readonly plan: ReportItem['plan'] | undefined;
}

/** A call that needs all but so much of its time may go either way: it counts as neither. */
const MARGIN_MS = 250;
/** Figures whose bounds are compared. */
const COMPARED: readonly FigureName[] = [
  'mentionRate',
  'firstMentionRate',
  'averageRank',
  'shareOfVoice',
  'interception',
];
const NO_CALLS = { whole: 0, partial: 0, failed: 0, pending: 0 };

export function observedRun(observed: Observed): RunFigures {
  const { wallMs, deadlineMs, callsMs, reportByMs, items, ledger } = observed;
  const calls = dataOf<CallItem>(items, 'call');
  const kept = calls.filter(({ status }) => status !== 'failed');
  const asked = ledger.filter(({ nth }) => nth === 1);
  const answerable = asked.filter(({ wholeMs }) => wholeMs <= callsMs - MARGIN_MS);
  const whole = new Set(calls.filter(({ status }) => status === 'whole').map(keyOf));
  const reports = dataOf<ReportItem>(items, 'report');
  const last = reports.at(-1);
  const first = observed.first ?? (last === undefined ? undefined : { afterMs: wallMs, report: last });
  const firstMs = first?.afterMs ?? Number.POSITIVE_INFINITY;
  return {
    firstMs,
    firstInTime: firstMs <= reportByMs,
    wallMs,
    inTime: wallMs <= deadlineMs,
    hasReport: reports.length === 1 && last?.final === true,
    early: first?.report.coverage ?? NO_CALLS,
    calls: countsOf(calls),
    slowestKeptMs: Math.max(0, ...kept.map(({ elapsed_ms }) => elapsed_ms ?? 0)),
    serialMs: asked.reduce((sum, entry) => sum + entry.wholeMs, 0),
    analysisMs: analysisMsOf(observed),
    ...{ asked: asked.length, possible: asked.filter(({ wholeMs }) => wholeMs <= callsMs).length },
    answerable: answerable.length,
    answered: answerable.filter((entry) => whole.has(keyOf(entry))).length,
    ...heldBounds(first?.report, last),
    cost: { early: first?.report.cost ?? 0, final: last?.cost ?? 0 },
    plan: last?.plan,
  };
}

/** How many figures that are known in the end lie within the bounds of the preliminary report. */
function heldBounds(early: ReportItem | undefined, last: ReportItem | undefined): Pick<RunFigures, 'bounded' | 'held'> {
  if (early === undefined || last === undefined || early.final) return { bounded: 0, held: 0 };
  const brandsOf = ({ figures }: ReportItem): readonly BrandFigures[] => figures.bare.overall.brands;
  const compared = brandsOf(last).flatMap((brand, at) =>
    COMPARED.flatMap((name) => {
      const { value } = brand[name];
      const { least, most } = brandsOf(early)[at]![name];
      return value === null || least === null || most === null ? [] : [least <= value && value <= most];
    }),
  );
  return { bounded: compared.length, held: compared.filter(Boolean).length };
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
