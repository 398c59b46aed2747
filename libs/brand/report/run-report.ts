/** The data of a report: the items of one diagnosis, read from the store. */
import type { z } from 'zod';
import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord } from '../../store/port.ts';
import { reportedCalls } from '../module/call-rows.ts';
import { type DiagnosisInput, diagnosisInput } from '../module/input.ts';
import type { CallItem, callItem, mentionItem, ReportItem, reportItem } from '../module/items.ts';
import { callKey } from '../module/plan.ts';
import { languageOfQuestion } from '../prompts/prompt.ts';
import { isLast } from '../status/certainty.ts';

export type MentionItem = z.output<typeof mentionItem>;
export type ReportLanguage = 'zh' | 'en';

/** A diagnosis that has its report. */
export interface RunReport {
  readonly runId: string;
  /** Unix milliseconds. */
  readonly acceptedAtMs: number;
  readonly input: DiagnosisInput;
  readonly report: ReportItem;
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

/** The types of the items that a report's files are made of. */
export const REPORTED_TYPES = ['call', 'begun', 'mention', 'report'] as const;

/** A stored item: its type and its JSON. */
export interface KeptItem {
  readonly type: string;
  readonly data: string;
}

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
  const of = (type: string): unknown[] =>
    items.filter((item) => item.type === type).map(({ data }) => JSON.parse(data));
  // A report of an older version may lack fields that were added later; items were checked when they were yielded.
  const report = of('report').at(-1) as z.output<typeof reportItem> | undefined;
  if (report === undefined) {
    throw new CatenaError(
      'brand.no_report',
      `run ${runId} has no report: it ended before it wrote one, or is not so far`,
      {
        data: { runId },
        remedy: '`catena show` says why it ended; give the command again with --fresh, or with a longer --deadline',
      },
    );
  }
  return {
    runId,
    acceptedAtMs,
    input: read.data,
    report,
    isLast: isLast(report, { state }),
    calls: reportedCalls(of('call') as z.output<typeof callItem>[], of('begun') as z.output<typeof callItem>[]),
    mentions: of('mention') as MentionItem[],
  };
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
