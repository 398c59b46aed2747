import { describe, expect, it } from 'vitest';
import type { Report } from '../module/report.ts';
import { deepIntelligence } from '../status/deep-intelligence.ts';
import { closedRecord } from '../status/status.fixture.ts';
import { reportCsv } from './csv.ts';
import { reportPage } from './page.ts';
import { reported } from './report.fixture.ts';
import { type KeptItem, toRunReport } from './run-report.ts';

const RUN = reported();
const record = closedRecord({}, { input: RUN.input });
const kept = (type: string, data: unknown, revision = 1): KeptItem => ({ type, data: JSON.stringify(data), revision });

/** The rows of a run as they are stored, for a report with these tables. */
function rowsOf({ report, calls, mentions }: typeof RUN, revision: number): KeptItem[] {
  const { questions: _questions, results: _results, sources: _sources, figures, ...head } = report;
  const [bare, branded] = [figures.bare, figures.branded].map(({ overall, noise }) => ({ overall, noise }));
  return [
    ...calls.map((call) => kept('call', call)),
    ...mentions.map((mention) => kept('mention', mention, revision)),
    ...figures.bare.byModel.map((each) => kept('model_figures', { ...each, branded: false }, revision)),
    ...figures.bare.byQuestion.map((each) => kept('question_figures', { ...each, branded: false }, revision)),
    kept('report', { ...head, revision, figures: { bare, branded } }, revision),
  ];
}

describe('a report', () => {
  it('is joined from its head and its tables', () => {
    const { report, isLast, calls } = toRunReport(record, rowsOf(RUN, 2));
    expect(report).toEqual(RUN.report);
    expect([isLast, calls.length]).toEqual([true, 4]);
  });

  it('has the tables of its own revision while those of the next one are stored already', () => {
    const silent = reported({ reply: () => 'I know none.' });
    const next = rowsOf(silent, 2).filter(({ type }) => type.endsWith('_figures'));
    const { report } = toRunReport(record, [...rowsOf(RUN, 1), ...next]);
    expect(report.figures.bare.byQuestion).toEqual(RUN.report.figures.bare.byQuestion);
  });

  it('of an older version, one row with all its tables, is still read by the page, the CSV and the API', () => {
    const { revision: _revision, final: _final, errors: _errors, ...old } = RUN.report;
    const rows = [...rowsOf(RUN, 1).filter(({ type }) => type === 'call' || type === 'mention'), kept('report', old)];
    const run = toRunReport(record, rows);
    const read: Partial<Report> = run.report;
    expect(read).toEqual(old);
    expect(run.isLast).toBe(true);
    expect(reportPage(run)).toBe(reportPage({ ...RUN, runId: run.runId, acceptedAtMs: run.acceptedAtMs }));
    expect(reportCsv(run).split('\r\n')).toHaveLength(14);
    expect(deepIntelligence({ record, report: run.report })).toEqual(
      expect.objectContaining({ overall_score: RUN.report.scores[0]?.score, revision: 1, final: true }),
    );
  });
});
