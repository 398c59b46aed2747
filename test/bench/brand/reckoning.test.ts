/** The reckonings of the benchmark find what is wrong: else a good figure says nothing. */
import { describe, expect, it } from 'vitest';
import { goalsOf, quantile } from './deadline-table.ts';
import { type LedgerEntry, mostAtOnce, mostStarts } from './ledger.ts';
import { reckon, type SurveyOutcome } from './reckoning.ts';
import type { RunFigures } from './run-figures.ts';
import { answerIdIn, costMillionths, scriptedAnswer } from './script.ts';
import { brandNames, surveyRuns } from './survey.ts';

const OPTIONS = { seed: 1, scale: 1, brands: brandNames(5) };
const [planned] = surveyRuns({ brands: 1, questions: 1, models: 1 });
const question = planned!.input.questions[0]!;
const model = planned!.input.models[0]!;

function entry(nth: number, more: Partial<LedgerEntry> = {}): LedgerEntry {
  const answer = scriptedAnswer(OPTIONS, { model, question, nth });
  const { id, wholeMs } = answer;
  return {
    ...{ id, model, question, nth, wholeMs, startedMs: nth, endedMs: nth + 10, outcome: 'answered' },
    costMillionths: costMillionths(answer),
    ...more,
  };
}

/** One call, asked twice, the second answer stored. */
function outcome(stored: number, ledger: readonly LedgerEntry[], cost = ledger[0]!.costMillionths): SurveyOutcome {
  const { text } = scriptedAnswer(OPTIONS, { model, question, nth: stored });
  const items = [
    { type: 'call', data: JSON.stringify({ status: 'whole', model, question, response: text }) },
    { type: 'report', data: JSON.stringify({ cost_at_most: cost / 1_000_000 }) },
  ];
  return { runs: [{ planned: planned!, completed: true, dead: 0, items }], ledger, killed: 1, seconds: 1 };
}

describe('the reckoning of a survey', () => {
  it('is right when each row is an answer of the ledger, and tells what was made again', () => {
    const found = reckon(outcome(2, [entry(1, { outcome: 'cut' }), entry(2)]));
    expect(found).toMatchObject({ planned: 1, whole: 1, faults: [], repeatedCalls: 1, repeatedCost: 0 });
    expect(found.askedAfterStored).toBe(0);
    expect(found.reportedCost).toBe(found.committedCost);
  });

  it('finds a call that was made again though its answer was stored', () => {
    const found = reckon(outcome(1, [entry(1), entry(2)]));
    expect(found).toMatchObject({ askedAfterStored: 1, repeatedCalls: 1, repeatedCost: entry(2).costMillionths });
  });

  it('finds a row that nobody answered, a wrong sum, and a run that is not whole', () => {
    expect(reckon(outcome(3, [entry(1)])).faults).toHaveLength(1);
    const wrong = reckon(outcome(1, [entry(1)], 7));
    expect(wrong.reportedCost).not.toBe(wrong.committedCost);
    const good = outcome(1, [entry(1)]);
    const twice = { ...good.runs[0]!, items: [...good.runs[0]!.items, good.runs[0]!.items[0]!], dead: 1 };
    expect(reckon({ ...good, runs: [twice] }).faults).toHaveLength(3);
  });
});

describe('the ledger', () => {
  it('counts what was under way at once and what began within a span', () => {
    const ledger = [entry(1), entry(5), entry(12), entry(30, { endedMs: null })];
    expect(mostAtOnce(ledger).get(model)).toBe(2);
    expect(mostStarts(ledger, 10).get(model)).toBe(2);
    expect(mostStarts(ledger, 12).get(model)).toBe(3);
  });
});

describe('a script', () => {
  it('says the same each time, under an id that stands in the text', () => {
    const [first, again] = [1, 2].map((nth) => scriptedAnswer(OPTIONS, { model, question, nth }));
    expect(first!.wholeMs).toBe(again!.wholeMs);
    expect(answerIdIn(first!.text)).toBe(first!.id);
    expect(answerIdIn(again!.text)).toBe(again!.id);
    expect(answerIdIn(first!.text.slice(0, -3))).toBeUndefined();
  });

  it('speaks of brands none of which is a part of another', () => {
    const names = brandNames(40);
    expect(new Set(names).size).toBe(40);
    expect(names.filter((name) => names.some((other) => other !== name && other.includes(name)))).toEqual([]);
  });
});

describe('the goals of the deadline', () => {
  const good: RunFigures = {
    ...{ wallMs: 17_500, inTime: true, hasReport: true, slowestKeptMs: 17_000, serialMs: 170_000, analysisMs: 400 },
    ...{ calls: { whole: 12, partial: 0, cut: 0, failed: 0 }, answerable: 12, answered: 12, asked: 12, possible: 12 },
    ...{ firstMs: 18_000, firstInTime: true, early: { whole: 5, partial: 6, failed: 0, pending: 1 } },
    ...{ bounded: 20, held: 20, cost: { early: 1, final: 2 }, plan: undefined },
  };
  const missed = (run: Partial<RunFigures>) =>
    goalsOf([good, { ...good, ...run }], { deadlineMs: 60_000, reportByMs: 20_000 })
      .filter(({ isMet }) => isMet === false)
      .map(({ what }) => what);

  it('are met by a run in time, and missed by each thing that is not as it should be', () => {
    expect(missed({})).toEqual([]);
    expect(missed({ inTime: false })).toEqual(['runs that ended within 60.00 s']);
    expect(missed({ hasReport: false })).toEqual(['runs whose one report is the last']);
    expect(missed({ firstInTime: false })).toEqual(['runs with a report within 20.00 s']);
    expect(missed({ held: 17 })).toEqual(['known figures of last reports within the bounds of the first']);
    expect(missed({ calls: { whole: 11, partial: 1, cut: 0, failed: 0 } })[0]).toMatch(
      /^calls whole in the last report/,
    );
    expect(missed({ answered: 11 })).toEqual(['calls answerable in their time that are whole']);
    expect(missed({ analysisMs: Number.NaN })).toEqual(['longest analysis, from the end of the last call']);
    expect(missed({ slowestKeptMs: 16_000 })).toEqual(['wall beyond the slowest kept call, most']);
  });

  it('take quantiles from the values themselves', () => {
    const values = Array.from({ length: 20 }, (_, index) => 20 - index);
    expect([0.5, 0.95, 1].map((share) => quantile(values, share))).toEqual([10, 19, 20]);
  });
});
