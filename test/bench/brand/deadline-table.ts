/** What all runs come to, beside what was wanted of them. Pure. */
import { figure, table } from '../table.ts';
import type { RunFigures } from './run-figures.ts';

export interface Goal {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  /** Undefined where nothing is wanted. */
  readonly isMet: boolean | undefined;
}

export interface GoalOptions {
  readonly deadlineMs: number;
  readonly reportByMs: number;
  /** Whether the calls of a run fit its time: of a larger set nobody can want that all are answered. */
  readonly fits?: boolean;
}

const ANALYSIS_MS = 5_000;
const BESIDE_SLOWEST_MS = 1_000;
const REPORTS = 0.99;
const ANSWERED = 0.99;
const WHOLE = 0.98;
const HELD = 0.95;

/** The rows of the table; numbers of requirements stand with what they ask. */
export function goalsOf(runs: readonly RunFigures[], { deadlineMs, reportByMs, fits = true }: GoalOptions): Goal[] {
  const ifFits = (isMet: boolean): boolean | undefined => (fits ? isMet : undefined);
  const inTime = shareOf(runs, ({ inTime }) => inTime);
  const reports = shareOf(runs, ({ hasReport }) => hasReport);
  const answerable = sum(runs, (run) => run.answerable);
  const answered = sum(runs, (run) => run.answered) / answerable;
  const beside = runs.map(({ wallMs, slowestKeptMs }) => wallMs - slowestKeptMs);
  const analysis = Math.max(...runs.map(({ analysisMs }) => analysisMs));
  const walls = runs.map(({ wallMs }) => wallMs);
  const firsts = runs.map(({ firstMs }) => firstMs);
  const firstInTime = shareOf(runs, (run) => run.firstInTime);
  const [asked, whole] = [sum(runs, (run) => run.asked), sum(runs, ({ calls }) => calls.whole)];
  const possible = sum(runs, (run) => run.possible);
  const held = sum(runs, (run) => run.held) / sum(runs, ({ bounded }) => bounded);
  const early = (kind: keyof RunFigures['early']) => figure(sum(runs, (run) => run.early[kind]));
  const [earlyCost, cost] = [sum(runs, (run) => run.cost.early), sum(runs, (run) => run.cost.final)];
  const ratio = sum(runs, ({ serialMs }) => serialMs) / sum(runs, ({ wallMs }) => wallMs);
  const count = (what: keyof RunFigures['calls']) => figure(sum(runs, ({ calls }) => calls[what]));
  const plain = (what: string, measured: string): Goal => ({ what, measured, wanted: '', isMet: undefined });
  return [
    {
      what: `runs with a report within ${seconds(reportByMs)}`,
      measured: percent(firstInTime),
      wanted: '100 %',
      isMet: firstInTime === 1,
    },
    {
      what: 'known figures of last reports within the bounds of the first',
      measured: `${percent(held)} of ${sum(runs, ({ bounded }) => bounded)}`,
      wanted: '≥ 95 %',
      // Undefined where every run had all of its answers at once.
      isMet: Number.isNaN(held) ? undefined : held >= HELD,
    },
    {
      what: `calls whole in the last report (the models' ceiling: ${percent(possible / asked)})`,
      measured: percent(whole / asked),
      wanted: '≥ 98 %',
      // Where the models themselves are slower, all that is possible.
      isMet: ifFits(whole >= Math.min(WHOLE * asked, possible)),
    },
    {
      what: `runs that ended within ${seconds(deadlineMs)}`,
      measured: percent(inTime),
      wanted: '100 %',
      isMet: inTime === 1,
    },
    {
      what: 'runs whose one report is the last',
      measured: percent(reports),
      wanted: '≥ 99 %',
      isMet: reports >= REPORTS,
    },
    {
      what: 'calls answerable in their time that are whole',
      measured: `${percent(answered)} of ${answerable}`,
      wanted: '≥ 99 %',
      isMet: ifFits(answered >= ANSWERED),
    },
    {
      what: 'longest analysis, from the end of the last call',
      measured: seconds(analysis),
      wanted: `≤ ${seconds(ANALYSIS_MS)}`,
      isMet: analysis <= ANALYSIS_MS,
    },
    {
      what: 'wall beyond the slowest kept call, median',
      measured: seconds(quantile(beside, 0.5)),
      wanted: '',
      isMet: undefined,
    },
    {
      what: 'wall beyond the slowest kept call, most',
      measured: seconds(Math.max(...beside)),
      wanted: `≤ ${seconds(BESIDE_SLOWEST_MS)}`,
      isMet: ifFits(Math.max(...beside) <= BESIDE_SLOWEST_MS),
    },
    plain('first report, p50', seconds(quantile(firsts, 0.5))),
    plain('first report, p95', seconds(quantile(firsts, 0.95))),
    plain('first report, most', seconds(Math.max(...firsts))),
    plain('in it: calls whole', early('whole')),
    plain('in it: calls read as far as they had come', early('partial')),
    plain('in it: calls without a word yet', early('pending')),
    plain('in it: calls failed', early('failed')),
    plain('cost of a run by the last report, mean', figure(cost / runs.length, 6)),
    plain('of that counted after the first report', percent((cost - earlyCost) / cost)),
    plain('runs of which the planner said that they fit', percent(shareOf(runs, ({ plan }) => plan?.fits === true))),
    plain('least time by the planner, mean', seconds(sum(runs, ({ plan }) => plan?.expectedMs ?? 0) / runs.length)),
    plain('wall, p50', seconds(quantile(walls, 0.5))),
    plain('wall, p95', seconds(quantile(walls, 0.95))),
    plain('wall, most', seconds(Math.max(...walls))),
    plain('the same calls one after the other', `${figure(ratio, 1)} × as long`),
    plain('calls whole', count('whole')),
    plain('calls cut off with their text kept', count('partial')),
    plain('calls cut off before any text', count('cut')),
    plain('calls failed otherwise', count('failed')),
  ];
}

export function goalsTable(goals: readonly Goal[]): string {
  const verdict = (isMet: boolean | undefined): string => (isMet === undefined ? '' : isMet ? 'met' : 'missed');
  return table(
    ['what', 'measured', 'wanted', ''],
    goals.map(({ what, measured, wanted, isMet }) => [what, measured, wanted, verdict(isMet)]),
  );
}

/** One run in a line. */
export function runLine({ firstMs, early, wallMs, slowestKeptMs, hasReport, calls }: RunFigures): string {
  const { whole, partial, cut, failed } = calls;
  const first = `first report ${seconds(firstMs)}: ${early.whole} whole, ${early.partial} so far, ${early.pending} silent`;
  const came = hasReport ? `${whole} whole, ${partial} partial, ${cut} cut, ${failed} failed` : 'no last report';
  return `${first}; ${seconds(wallMs)}, slowest kept call ${seconds(slowestKeptMs)}: ${came}`;
}

function shareOf(runs: readonly RunFigures[], holds: (run: RunFigures) => boolean): number {
  return runs.filter(holds).length / runs.length;
}

function sum(runs: readonly RunFigures[], of: (run: RunFigures) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}

/** The smallest value that at least this share of them does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function percent(share: number): string {
  return `${figure(100 * share, 1)} %`;
}

function seconds(ms: number): string {
  return `${figure(ms / 1_000, 2)} s`;
}
