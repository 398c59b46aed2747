/** Reads the status of diagnoses, once for all clients that ask at the same time. */
import { setTimeout as delay } from 'node:timers/promises';
import { unlessAborted } from '../../concurrency/abort.ts';
import type { RunSnapshot } from '../../coordination/protocol/reads.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord, StoredItem } from '../../store/port.ts';
import type { ReportItem } from '../module/items.ts';
import { isWholeReport, type Report } from '../module/report.ts';
import {
  REPORTED_TYPES,
  type ReportedType,
  type RunReport,
  TABLE_TYPES,
  toReport,
  toRunReport,
} from '../report/run-report.ts';
import {
  type DiagnosisItems,
  inputOf,
  isDiagnosis,
  readDiagnosisItems,
  readReports,
} from '../status/diagnosis-items.ts';
import { type DiagnosisStatus, diagnosisStatus } from '../status/diagnosis-status.ts';
import { isFinal, type Stage } from '../status/stages.ts';
import type { DiagnosisApiDeps } from './deps.ts';

/** A run at one moment. */
export interface Look {
  readonly record: RunRecord;
  /** Undefined for a closed run, which needs none. */
  readonly snapshot: RunSnapshot | undefined;
  /** The newest, preliminary or last. */
  readonly report: ReportItem | undefined;
  readonly status: DiagnosisStatus;
  /** The rows of its reports that the status needs. */
  readonly reports: readonly StoredItem[];
}

/** What a client that waits has seen: a stage, or the revision of a report. Default: the stage at the time of the request. */
export interface Known {
  readonly stage?: Stage | undefined;
  readonly revision?: number | undefined;
}

/** A run at one moment with its items; its status is complete. */
export interface WholeLook extends Look {
  readonly items: DiagnosisItems;
}

type ReaderDeps = Pick<DiagnosisApiDeps, 'store' | 'coordinator' | 'pollIntervalMs'>;

const PAGE_ROWS = 500;
/** The most ended runs whose status is cached; a status is small, and reading it again is slow. */
const MAX_ENDED = 10_000;

export class DiagnosisReader {
  readonly #deps: ReaderDeps;
  /** Running reads, and the next reads for all clients that wait for a run. */
  readonly #looking = new Map<string, Promise<Look>>();
  readonly #coming = new Map<string, Promise<Look>>();
  /** The items that were read for a moment, shared by all clients that got the same moment. */
  readonly #whole = new WeakMap<Look, Promise<WholeLook>>();
  /** By run, with the end that the status belongs to: a replay gives a run another end. */
  readonly #ended = new Map<string, { readonly end: string; readonly status: DiagnosisStatus }>();

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
  }

  /** Reads the status of a run now. Throws `api.unknown_run`. */
  look(runId: string): Promise<Look> {
    return shared(this.#looking, runId, () => this.#read(runId));
  }

  /** Reads the status of a run when there is more than the client knows, when nothing more will come, or when the signal aborts. */
  async after(runId: string, known: Known, signal: AbortSignal): Promise<Look> {
    let look = await this.look(runId);
    const isNews = newsTo(known, look.status);
    while (!isNews(look.status) && !signal.aborted) {
      const next = shared(this.#coming, runId, () => this.#lookLater(runId));
      look = await unlessAborted(next, signal).catch((thrown: unknown) => {
        if (signal.aborted) return look;
        throw thrown;
      });
    }
    return look;
  }

  /** The same moment with all stored items. */
  whole(look: Look): Promise<WholeLook> {
    const reading = this.#whole.get(look) ?? this.#readWhole(look);
    this.#whole.set(look, reading);
    return reading;
  }

  /** The status of a run whose record has been read; for an ended run it is read only once. */
  async statusAt(record: RunRecord): Promise<DiagnosisStatus> {
    const { runId } = record;
    const end = JSON.stringify(record.end);
    const known = this.#ended.get(runId);
    if (record.state === 'closed' && known?.end === end) return known.status;
    const { status } = await this.#lookAt(record);
    if (record.state !== 'closed') return status;
    this.#ended.set(runId, { end, status });
    if (this.#ended.size > MAX_ENDED) this.#ended.delete(this.#ended.keys().next().value!);
    return status;
  }

  /** Everything that a report's files are made of. Throws `brand.no_report` for a run without one. */
  async runReport({ record }: Look): Promise<RunReport> {
    return toRunReport(record, await this.#kept(record.runId, REPORTED_TYPES));
  }

  /** The newest report with its tables; undefined without one. */
  async report({ record, reports }: Look): Promise<Report | undefined> {
    const head = reports.findLast(({ type }) => type === 'report');
    if (head === undefined) return undefined;
    // A report of an older version has its tables in it.
    const items = isWholeReport(JSON.parse(head.data)) ? [] : await this.#kept(record.runId, TABLE_TYPES);
    return toReport(head, inputOf(record) ?? { questions: [] }, items);
  }

  async #lookAt(record: RunRecord): Promise<Look> {
    const snapshot = record.state === 'closed' ? undefined : await this.#deps.coordinator.findRun(record.runId);
    // Also of a run that is open: it is completed once a preliminary report stands, wherever its phases are.
    const reports = await readReports(this.#deps.store, record.runId);
    const items = readDiagnosisItems(reports);
    return { record, snapshot, report: items.report, status: diagnosisStatus({ record, snapshot, items }), reports };
  }

  async #read(runId: string): Promise<Look> {
    const record = await this.#deps.store.findRun(runId);
    if (record === undefined || !isDiagnosis(record)) throw unknownRun(runId);
    return this.#lookAt(record);
  }

  async #lookLater(runId: string): Promise<Look> {
    await delay(this.#deps.pollIntervalMs, undefined, { ref: false });
    return this.#read(runId);
  }

  async #readWhole(look: Look): Promise<WholeLook> {
    const { record, snapshot, report, reports } = look;
    // Figures are large, and needed only if neither coordinator nor report shows how far the run came.
    const needsFigures = report === undefined && snapshot === undefined;
    const types = ['call', ...(report === undefined ? [] : ['begun']), ...(needsFigures ? ['figures'] : [])];
    const rows = await this.#kept(
      record.runId,
      types.map((type) => ({ type, withReplaced: false })),
    );
    const items = readDiagnosisItems([...rows, ...reports]);
    return { ...look, items, status: diagnosisStatus({ record, snapshot, items }) };
  }

  async #kept(runId: string, types: readonly ReportedType[]): Promise<StoredItem[]> {
    return (await Promise.all(types.map((type) => this.#rows(runId, type)))).flat();
  }

  async #rows(runId: string, { type, withReplaced }: ReportedType): Promise<StoredItem[]> {
    const all: StoredItem[] = [];
    for (let afterSeq = 0; ; ) {
      const rows = await this.#deps.store.readItems({ runId, afterSeq, limit: PAGE_ROWS, type, withReplaced });
      all.push(...rows);
      if (rows.length < PAGE_ROWS) return all;
      afterSeq = rows.at(-1)!.seq;
    }
  }
}

/** A client that names a revision waits for a report after it, also beyond the first; any other waits for another stage. */
function newsTo({ stage, revision }: Known, first: DiagnosisStatus): (status: DiagnosisStatus) => boolean {
  if (revision !== undefined) return (status) => status.revision > revision || status.isLast;
  const left = stage ?? first.stage;
  return (status) => status.stage !== left || isFinal(left);
}

/** Returns the running work of a key, or starts it; removed when it ends. */
function shared<Value>(
  underWay: Map<string, Promise<Value>>,
  key: string,
  begin: () => Promise<Value>,
): Promise<Value> {
  const standing = underWay.get(key);
  if (standing !== undefined) return standing;
  const begun = begin().finally(() => underWay.delete(key));
  underWay.set(key, begun);
  return begun;
}

function unknownRun(runId: string): CatenaError {
  return new CatenaError('api.unknown_run', `there is no diagnosis ${runId}`, {
    data: { runId },
    remedy: 'use the execution_id that its submission returned',
  });
}
