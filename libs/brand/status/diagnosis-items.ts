/** What of a run's items its status is read from. */
import type { RunRecord, StoredItem } from '../../store/port.ts';
import { type DiagnosisInput, diagnosisInput } from '../module/input.ts';
import type { CallItem, ReportItem } from '../module/items.ts';

export interface DiagnosisItems {
  readonly calls: readonly CallItem[];
  /** Whether the answers were read and counted. */
  readonly hasFigures: boolean;
  readonly report: ReportItem | undefined;
}

/** Of a run that has none, or whose items were not read. */
export const NO_ITEMS: DiagnosisItems = { calls: [], hasFigures: false, report: undefined };

const MODULE = 'brand-diagnosis@';

/** The diagnosis among the modules of a run. */
export function diagnosisModule<Ref extends { readonly moduleId: string }>(modules: readonly Ref[]): Ref | undefined {
  return modules.find(({ moduleId }) => moduleId.startsWith(MODULE));
}

/** Whether a run has a diagnosis at all. */
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

/** What was asked for; undefined when the task asks for what no diagnosis takes. */
export function inputOf({ input }: Pick<RunRecord, 'input'>): DiagnosisInput | undefined {
  return diagnosisInput.safeParse(input).data;
}

/** Calls that an input plans; as many as `planCalls` gives, without making them. */
export function plannedCount(input: DiagnosisInput | undefined): number {
  if (input === undefined) return 0;
  return new Set(input.questions).size * new Set(input.models).size * input.repeats;
}
