/** Runs, snapshots and items of diagnoses as tests of their status need them. */
import type { PhaseSnapshot, RunSnapshot } from '../../coordination/protocol/reads.ts';
import type { RunEnd, RunRecord, StoredItem } from '../../store/port.ts';
import { diagnosisError, type ErrorType } from '../codecs/diagnosis-error.ts';
import { extractAnswer } from '../extraction/extract-answer.ts';
import { geoData } from '../extraction/geo-data.ts';
import { failedRow } from '../module/call-rows.ts';
import { brandsOf, type DiagnosisInput, diagnosisInput } from '../module/input.ts';
import type { CallItem } from '../module/items.ts';
import { PHASES } from '../module/phases.ts';
import { answerRows, figureRows, questionRows } from '../module/rank.ts';
import { type ReadPage, type Report, type ReportParts, reportOf, wholeReport } from '../module/report.ts';
import type { DiagnosisItems } from './diagnosis-items.ts';

export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
export const MODULE_ID = 'brand-diagnosis@1.1.0';

/** 海澜鞋业 against two rivals: one question to two models, where nothing else is said. */
export const INPUT = {
  brand: '海澜鞋业',
  rivals: ['云步', 'Strider'],
  questions: ['推荐几款跑鞋'],
  models: ['qwen', 'zhipu'],
};

export function inputWith(changes: Readonly<Record<string, unknown>> = {}): DiagnosisInput {
  return diagnosisInput.parse({ ...INPUT, ...changes });
}

export function recordOf(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: 'run-1',
    taskId: 'run-1',
    account: 'acme',
    platform: 'web',
    modules: [MODULE_ID],
    input: INPUT,
    fingerprint: 'f',
    metadata: {},
    priority: 0,
    deadlineAtMs: NOW_MS + 20_000,
    acceptedAtMs: NOW_MS,
    state: 'open',
    end: undefined,
    ...changes,
  };
}

/** The record of a closed run. */
export function closedRecord(end: Partial<RunEnd> = {}, changes: Partial<RunRecord> = {}): RunRecord {
  const whole = {
    finishReason: 'completed',
    detail: '',
    endedAtMs: NOW_MS + 9_000,
    done: 9,
    dead: 0,
    items: 9,
  } as const;
  return recordOf({ state: 'closed', end: { ...whole, ...end }, ...changes });
}

export function phase(changes: Partial<PhaseSnapshot> = {}): PhaseSnapshot {
  const { created = 0, done = 0, dead = 0 } = changes;
  return { created, done, dead, open: created - done - dead, closed: '', ...changes };
}

/** A snapshot whose current phase looks like this. */
export function snapshotIn(
  currentPhase: number,
  current: Partial<PhaseSnapshot> = {},
  changes: Partial<RunSnapshot> = {},
): RunSnapshot {
  const phases = Object.values(PHASES).map((index) => phase(index === currentPhase ? current : {}));
  const module = {
    moduleId: MODULE_ID,
    state: 'open',
    reason: '',
    currentPhase,
    front: currentPhase,
    revision: 1,
    phases,
    executions: 0,
    errors: 0,
  } as const;
  return {
    runId: 'run-1',
    state: 'open',
    mark: '',
    reason: '',
    paused: false,
    openings: 1,
    modules: [module],
    ...changes,
  };
}

/** Every planned call of an input: with the answer that is given for it, whole or cut off, or failed with an error's type. */
export function callsOf(
  input: DiagnosisInput,
  answerOf: (question: string, model: string) => string | { readonly cut: string } | { readonly fails: ErrorType },
): CallItem[] {
  return input.questions.flatMap((question, index) =>
    input.models.map((model) => {
      const said = answerOf(question, model);
      const call = { question: index, model, repeat: 1 };
      if (typeof said !== 'string' && 'fails' in said) {
        const error = diagnosisError(said.fails, '', 'it failed', NOW_MS);
        return failedRow(input, call, error, { elapsedMs: 100, nowMs: NOW_MS });
      }
      const row = failedRow(input, call, diagnosisError('unknown', '', '', NOW_MS), { elapsedMs: 900, nowMs: NOW_MS });
      const isWhole = typeof said === 'string';
      const answer = isWhole ? said : said.cut;
      const findings = extractAnswer({ text: answer, question, brands: brandsOf(input), isWhole });
      const data = geoData(findings, row.brand, answer, isWhole);
      const geo_data = { ...data, cited_sources: [...data.cited_sources] };
      const ended = isWhole
        ? ({ status: 'whole', finish: 'whole' } as const)
        : ({ status: 'partial', finish: 'cut_off' } as const);
      return { ...row, ...ended, response: answer, error: null, geo_data };
    }),
  );
}

export function reportFor(
  input: DiagnosisInput,
  calls: readonly CallItem[],
  sources: readonly ReadPage[] = [],
  changes: Partial<ReportParts> = {},
): Report {
  const rows = answerRows(input, calls);
  const { figures, byModel } = figureRows(input, rows);
  const plan = { calls: calls.length, concurrency: 8, rounds: 1, expectedMs: 8_000, availableMs: 17_000, fits: true };
  const head = reportOf(input, { calls, figures, plan, elapsedMs: 9_000, revision: 1, isFinal: true, ...changes });
  const byQuestion = questionRows(input, rows, figures.worst_rank);
  return wholeReport(head, input, { calls, byModel, byQuestion, cited: sources, sources });
}

/** What a run has stored that came to its end. */
export function wholeItems(input: DiagnosisInput, calls: readonly CallItem[]): DiagnosisItems {
  return { calls, hasFigures: true, report: reportFor(input, calls), hadEarlier: false };
}

export function stored(type: string, data: unknown, moduleId = MODULE_ID): StoredItem {
  return { seq: 1, moduleId, type, data: JSON.stringify(data), revision: 1 };
}
