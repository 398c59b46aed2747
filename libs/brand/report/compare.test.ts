import { describe, expect, it } from 'vitest';
import { compareRuns, runsLike } from './compare.ts';
import { comparisonText } from './compare-text.ts';
import { ACCEPTED_AT_MS, reported, type Told } from './report.fixture.ts';

const QUESTIONS = Array.from({ length: 8 }, (_, n) => `Which shoes for terrain ${n}?`);
const WITH = '1. **Apex**: excellent.\n2. **Bolt**: fine.\n';
const WITHOUT = '1. **Bolt**: excellent.\n2. **Crest**: fine.\n';

const run = (day: number, told: Told = {}) =>
  reported({
    ...{ runId: `run-${day}`, acceptedAtMs: ACCEPTED_AT_MS + day * 86_400_000 },
    ...told,
    input: { questions: QUESTIONS, ...told.input },
  });
const always = (text: string) => () => text;

const figure = (comparison: ReturnType<typeof compareRuns>, name: string, brand = 'Apex') =>
  comparison.brands.find((each) => each.brand === brand)?.figures.find((each) => each.name === name);

describe('a comparison', () => {
  it('sets figures side by side, oldest first, in whatever order the runs are named', () => {
    const comparison = compareRuns([run(2, { reply: always(WITH) }), run(1, { reply: always(WITHOUT) })]);
    expect(comparison.runs.map(({ runId }) => runId)).toEqual(['run-1', 'run-2']);
    expect(figure(comparison, 'mentionRate')).toMatchObject({
      values: [{ value: 0, denominator: 16 }, { value: 1 }],
      difference: 1,
      withinNoise: false,
      tooThin: false,
    });
  });

  it('calls a difference noise when the intervals overlap', () => {
    const half = run(2, { reply: (question) => (Number(question.at(-2)) % 2 === 0 ? WITH : WITHOUT) });
    const more = run(1, { reply: (question) => (Number(question.at(-2)) < 5 ? WITH : WITHOUT) });
    expect(figure(compareRuns([more, half]), 'mentionRate')).toMatchObject({ difference: -0.125, withinNoise: true });
  });

  it('says that nothing can be told where one side has no value', () => {
    const comparison = compareRuns([run(1, { reply: always(WITHOUT) }), run(2, { reply: always(WITH) })]);
    expect(figure(comparison, 'sentiment')).toMatchObject({ difference: null, withinNoise: null });
    expect(comparisonText(comparison)).toMatch(/Sentiment +– \(n=0\) +\S+ \(n=16\) +– +cannot be told/);
  });

  it('counts only what all runs asked of the same models, and says what it leaves out', () => {
    const wider = run(2, {
      input: {
        questions: [...QUESTIONS, 'Which sandals?'],
        models: ['qwen', 'zhipu', 'doubao'],
        rivals: ['Bolt', 'Dash'],
      },
      reply: (_question, model) => (model === 'doubao' ? WITHOUT : WITH),
    });
    const comparison = compareRuns([run(1, { reply: always(WITH) }), wider]);
    expect(comparison.models).toEqual(['qwen', 'zhipu']);
    expect(comparison.questions).toEqual(QUESTIONS);
    expect(figure(comparison, 'mentionRate')?.values.map(({ denominator }) => denominator)).toEqual([16, 16]);
    expect(comparison.brands.map(({ brand }) => brand)).toEqual(['Apex', 'Bolt']);
    expect(comparison.leftOut).toMatchObject({
      questions: ['Which sandals?'],
      models: ['doubao'],
      brands: ['Crest', 'Dash'],
    });
    const text = comparisonText(comparison);
    expect(text).toContain('left out, models that only some runs asked: doubao');
  });

  it('does not compare answers to different prompts', () => {
    const comparison = compareRuns([run(1), run(2, { input: { prompt: 'list' } })]);
    expect(comparison.questions).toEqual([]);
    expect(comparison.leftOut.otherPrompt).toEqual(QUESTIONS);
    expect(comparisonText(comparison)).toContain('nothing can be compared');
  });

  it('looks for brands as the newest run does, in all of them, and says so', () => {
    const answer = '1. **Peak**: excellent.\n';
    const before = run(1, { reply: always(answer) });
    const after = run(2, { reply: always(answer), input: { brand: { name: 'Apex', aliases: ['Peak'] } } });
    const comparison = compareRuns([before, after]);
    expect(figure(comparison, 'mentionRate')?.values.map(({ value }) => value)).toEqual([1, 1]);
    expect(comparison.leftOut.otherNames).toEqual(['Apex']);
  });

  it('leaves failed calls out of the figures, and shows them', () => {
    const failing = run(1, { reply: (_question, model) => (model === 'qwen' ? { error: 'server' } : WITH) });
    const comparison = compareRuns([failing, run(2, { reply: always(WITH) })]);
    expect(comparison.runs[0]).toMatchObject({ calls: 16, answered: 8 });
    expect(figure(comparison, 'mentionRate')?.values[0]).toMatchObject({ value: 1, denominator: 8, tooThin: true });
  });

  it('is refused for runs of different brands, and for none', () => {
    const other = run(2, { input: { brand: 'Bolt', rivals: ['Apex'] } });
    expect(() => compareRuns([run(1), other])).toThrow(
      expect.objectContaining({ code: 'brand.not_comparable' }) as Error,
    );
    expect(() => compareRuns([])).toThrow('no run');
  });

  it('of questions that name the brand alone compares nothing', () => {
    const named = { questions: ['Is Apex good?'] };
    const comparison = compareRuns([run(1, { input: named }), run(2, { input: named })]);
    expect(comparison.questions).toEqual([]);
  });
});

describe('runs like a run', () => {
  it('are those of its brand that asked at least as much', () => {
    const own = run(5);
    const wider = run(1, { input: { questions: [...QUESTIONS, 'And which sandals?'] } });
    const narrower = run(2, { input: { questions: QUESTIONS.slice(1) } });
    const other = run(3, { input: { brand: 'Bolt', rivals: [] } });
    expect(runsLike(own, [wider, narrower, other, own]).map(({ runId }) => runId)).toEqual(['run-1', 'run-5']);
  });
});
