/** The data of a report: the items of one diagnosis, read from the store. */
import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord, StoredItem } from '../../store/port.ts';
import { reportedCalls } from '../module/call-rows.ts';
import { type DiagnosisInput, diagnosisInput } from '../module/input.ts';
import type {
  CallItem,
  CitedItem,
  MentionItem,
  ModelFiguresItem,
  QuestionFiguresItem,
  ReportItem,
  SourceItem,
} from '../module/items.ts';
import { callKey } from '../module/plan.ts';
import { isWholeReport, type Report, wholeReport } from '../module/report.ts';
import { languageOfQuestion } from '../prompts/prompt.ts';
import { isLast } from '../status/certainty.ts';

export type ReportLanguage = 'zh' | 'en';

/** A diagnosis that has its report. */
export interface RunReport {
  readonly runId: string;
  /** Unix milliseconds. */
  readonly acceptedAtMs: number;
  readonly input: DiagnosisInput;
  readonly report: Report;
  /** Whether no other report can come: it is the last one, or the run ended before that. */
  readonly isLast: boolean;
  /** Those that the report rests on. */
  readonly calls: readonly CallItem[];
  readonly mentions: readonly MentionItem[];
}

/** A run as it was accepted. */
export interface ReportedRun {
  readonly runId: string;
  readonly acceptedAtMs: number;
  /** As submitted. */
  readonly input: unknown;
  readonly state: RunRecord['state'];
}

/** What to read of a run for its report. `withReplaced`: also rows that a later opening of its phases has replaced. */
export interface ReportedType {
  readonly type: string;
  readonly withReplaced: boolean;
}

/**
 * The items that stand beside the head of a report. Its tables are written before it: while the last report is made, those of the preliminary
 * one are replaced already, and are still what that report rests on.
 */
export const TABLE_TYPES: readonly ReportedType[] = [
  ...['call', 'begun', 'source'].map((type) => ({ type, withReplaced: false })),
  ...['model_figures', 'question_figures', 'cited'].map((type) => ({ type, withReplaced: true })),
];

/** The items that a report's files are made of. */
export const REPORTED_TYPES: readonly ReportedType[] = [
  ...['report', 'mention'].map((type) => ({ type, withReplaced: false })),
  ...TABLE_TYPES,
];

/** A stored item: its type, its JSON, and the opening of the phases in which it was made. */
export type KeptItem = Pick<StoredItem, 'type' | 'data' | 'revision'>;

/**
 * Combines the items of a run. Throws `brand.no_report` for a run that ended before it wrote one, and
 * `brand.not_a_diagnosis` for a run of something else.
 */
export function toRunReport({ runId, acceptedAtMs, input, state }: ReportedRun, items: readonly KeptItem[]): RunReport {
  const read = diagnosisInput.safeParse(input);
  if (!read.success) {
    throw new CatenaError('brand.not_a_diagnosis', `run ${runId} is not a brand diagnosis`, {
      data: { runId },
      remedy: 'name a run of the module brand-diagnosis; `catena runs` lists them',
    });
  }
  const head = items.findLast(({ type }) => type === 'report');
  if (head === undefined) {
    throw new CatenaError(
      'brand.no_report',
      `run ${runId} has no report: it ended before it wrote one, or is not so far`,
      {
        data: { runId },
        remedy: '`catena show` says why it ended; give the command again with --fresh, or with a longer --deadline',
      },
    );
  }
  const report = toReport(head, read.data, items);
  return {
    runId,
    acceptedAtMs,
    input: read.data,
    report,
    isLast: isLast(report, { state }),
    calls: callsIn(items),
    mentions: rowsOf<MentionItem>(items, 'mention'),
  };
}

/** The report of a stored head, with the tables among the items. One of an older version may lack fields that were added later. */
export function toReport(head: KeptItem, input: Pick<DiagnosisInput, 'questions'>, items: readonly KeptItem[]): Report {
  const report = JSON.parse(head.data) as ReportItem | Report;
  if (isWholeReport(report)) return report;
  const own = items.filter(({ revision }) => revision === head.revision);
  return wholeReport(report, input, {
    calls: callsIn(items),
    byModel: rowsOf<ModelFiguresItem>(own, 'model_figures'),
    byQuestion: rowsOf<QuestionFiguresItem>(own, 'question_figures'),
    cited: rowsOf<CitedItem>(own, 'cited'),
    sources: rowsOf<SourceItem>(items, 'source'),
  });
}

function callsIn(items: readonly KeptItem[]): CallItem[] {
  return reportedCalls(rowsOf<CallItem>(items, 'call'), rowsOf<CallItem>(items, 'begun'));
}

/** Items were checked when they were yielded. */
function rowsOf<Row>(items: readonly KeptItem[], wanted: string): Row[] {
  return items.filter(({ type }) => type === wanted).map(({ data }) => JSON.parse(data) as Row);
}

/** The language of the report: the run's own, else the one in which most questions were asked. */
export function languageOf({ input, calls }: Pick<RunReport, 'input' | 'calls'>): ReportLanguage {
  if (input.language !== undefined) return input.language;
  const chinese = calls.filter(({ question }) => languageOfQuestion(question) === 'zh').length;
  return chinese * 2 > calls.length ? 'zh' : 'en';
}

/** What each answer says about each brand, by {@link callKey}. */
export function findingsByCall(mentions: readonly MentionItem[]): ReadonlyMap<string, readonly MentionItem[]> {
  return Map.groupBy(mentions, ({ question, model, repeat }) => callKey(question, model, repeat));
}
