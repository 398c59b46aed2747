import type { RunVerdict } from '../../extension/extension.ts';
import type { RunRecord, Store } from '../../store/port.ts';
import { failureOf } from '../module/report.ts';
import { isDiagnosis, readDiagnosisItems, readReports } from './diagnosis-items.ts';
import { diagnosisStatus } from './diagnosis-status.ts';

/**
 * Whether an ended diagnosis failed: by its status, or by its last report, if that has no answer and the status stays what a preliminary
 * report has made it. Undefined for every other run.
 */
export async function verdictOn(record: RunRecord, store: Pick<Store, 'readItems'>): Promise<RunVerdict | undefined> {
  if (!isDiagnosis(record)) return undefined;
  const items = readDiagnosisItems(await readReports(store, record.runId));
  const { error } = diagnosisStatus({ record, items });
  return { failure: error ?? (items.report === undefined ? undefined : failureOf(items.report)) };
}
