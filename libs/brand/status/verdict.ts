import type { RunVerdict } from '../../extension/extension.ts';
import type { RunRecord, Store } from '../../store/port.ts';
import { isDiagnosis, readDiagnosisItems } from './diagnosis-items.ts';
import { diagnosisStatus } from './diagnosis-status.ts';

/** A report is one item. */
const ONE_REPORT = { type: 'report', afterSeq: 0, limit: 1 } as const;

/** Whether an ended diagnosis failed, by its status; undefined for every other run. */
export async function verdictOn(record: RunRecord, store: Pick<Store, 'readItems'>): Promise<RunVerdict | undefined> {
  if (!isDiagnosis(record)) return undefined;
  const items = readDiagnosisItems(await store.readItems({ runId: record.runId, ...ONE_REPORT }));
  return { failure: diagnosisStatus({ record, items }).error ?? undefined };
}
