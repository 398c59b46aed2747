/** The items of a run that its status is computed from. */
import type { RunRecord, Store, StoredItem } from '../../store/port.ts';
import { reportedCalls } from '../module/call-rows.ts';
import { type DiagnosisInput, diagnosisInput } from '../module/input.ts';
import type { CallItem, ReportItem } from '../module/items.ts';
import { isFirst } from './certainty.ts';

export interface DiagnosisItems {
  /** The calls that have ended; of a run with a report, those that it rests on. */
  readonly calls: readonly CallItem[];
  /** Whether the answers were read and counted. */
  readonly hasFigures: boolean;
  /** The newest. */
  readonly report: ReportItem | undefined;
  /** Whether that replaced an earlier one, as far as the rows say. */
  readonly hadEarlier: boolean;
}

/** For a run without items, or whose items were not read. */
export const NO_ITEMS: DiagnosisItems = { calls: [], hasFigures: false, report: undefined, hadEarlier: false };

const MODULE = 'brand-diagnosis@';

/** The diagnosis among the modules of a run. */
export function diagnosisModule<Ref extends { readonly moduleId: string }>(modules: readonly Ref[]): Ref | undefined {
  return modules.find(({ moduleId }) => moduleId.startsWith(MODULE));
}

/** Whether a run is a diagnosis. */
export function isDiagnosis({ modules }: Pick<RunRecord, 'modules'>): boolean {
  return modules.some((moduleId) => moduleId.startsWith(MODULE));
}

/** Sorts stored items; those of other modules and types are left out. They were checked before they were stored. */
export function readDiagnosisItems(rows: readonly StoredItem[]): DiagnosisItems {
  const own = rows.filter(({ moduleId }) => moduleId.startsWith(MODULE));
  const of = <Item>(wanted: string): Item[] =>
    own.filter(({ type }) => type === wanted).map(({ data }) => JSON.parse(data) as Item);
  const reports = of<ReportItem>('report');
  const [calls, report] = [of<CallItem>('call'), reports.at(-1)];
  return {
    // Without a report nothing says of which moment the rows of calls under way are.
    calls: report === undefined ? calls : reportedCalls(calls, of('begun')),
    hasFigures: own.some(({ type }) => type === 'figures'),
    report,
    hadEarlier: reports.length > 1,
  };
}

/** More than a run ever has: one for each opening of its phases. */
const MAX_REPORTS = 100;

/** The report rows of a run that its status needs: the newest, and those before if it says that no call was answered. */
export async function readReports({ readItems }: Pick<Store, 'readItems'>, runId: string): Promise<StoredItem[]> {
  const query = { runId, type: 'report', afterSeq: 0, limit: MAX_REPORTS };
  const rows = [...(await readItems(query))];
  const { report } = readDiagnosisItems(rows);
  if (report === undefined || report.success || isFirst(report)) return rows;
  return [...(await readItems({ ...query, withReplaced: true }))];
}

/** The input; undefined if the module would refuse it. */
export function inputOf({ input }: Pick<RunRecord, 'input'>): DiagnosisInput | undefined {
  return diagnosisInput.safeParse(input).data;
}

/** The number of planned calls of an input: that of `planCalls`, without creating them. */
export function plannedCount(input: DiagnosisInput | undefined): number {
  if (input === undefined) return 0;
  return new Set(input.questions).size * new Set(input.models).size * input.repeats;
}
