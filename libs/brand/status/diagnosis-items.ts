/** The items of a run that its status is computed from. */
import type { RunRecord, StoredItem } from '../../store/port.ts';
import { type DiagnosisInput, diagnosisInput } from '../module/input.ts';
import type { CallItem, ReportItem } from '../module/items.ts';

export interface DiagnosisItems {
  readonly calls: readonly CallItem[];
  /** Whether the answers were read and counted. */
  readonly hasFigures: boolean;
  readonly report: ReportItem | undefined;
}

/** For a run without items, or whose items were not read. */
export const NO_ITEMS: DiagnosisItems = { calls: [], hasFigures: false, report: undefined };

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
  const report = own.findLast(({ type }) => type === 'report');
  return {
    calls: own.filter(({ type }) => type === 'call').map(({ data }) => JSON.parse(data) as CallItem),
    hasFigures: own.some(({ type }) => type === 'figures'),
    report: report === undefined ? undefined : (JSON.parse(report.data) as ReportItem),
  };
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
