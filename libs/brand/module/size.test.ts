import { describe, expect, it } from 'vitest';
import { diagnosisInput } from './input.ts';
import { MAX_CALLS, mostCalls, mostRepeats, partsOf, sizeFault, submittedInput } from './size.ts';

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const inputOf = (questions: number, models: number, brands: number, more: object = {}) => ({
  ...{ brand: 'b', rivals: names('r', brands - 1), questions: names('q', questions), models: names('m', models) },
  ...more,
});
const read = (...given: Parameters<typeof inputOf>) => diagnosisInput.parse(inputOf(...given));

describe('the size of a diagnosis', () => {
  it('may be 1,000 questions to 6 models about 10 brands', () => {
    expect(sizeFault(read(1_000, 6, 10))).toBeUndefined();
    expect(submittedInput.safeParse(inputOf(1_000, 6, 10)).success).toBe(true);
  });

  it.each<[string, ReturnType<typeof inputOf>, string, RegExp]>([
    [
      'calls',
      inputOf(1_000, 21, 1),
      'questions',
      /make 21000 calls \(1000 questions × 21 models × 1 repeats\), of at most 20000/,
    ],
    [
      'findings',
      inputOf(1_000, 10, 21),
      'questions',
      /10000 answers that are read for 21 brands each, 210000 findings/,
    ],
    ['findings of one question', inputOf(1, 50, 3, { repeats: 70 }), 'repeats', /10500 findings for one question/],
    ['calls with a precision', inputOf(10, 1, 1, { until: 0.1, maxCalls: 30_000 }), 'maxCalls', /allows 30000 calls/],
    [
      'text',
      inputOf(10, 1, 1, { questions: names('q'.repeat(1_990), 1_000), models: names('m', 20) }),
      'questions',
      /have 39\d{6} characters/,
    ],
  ])('is refused when it has too many %s, with the bound and what to do', (_what, input, path, message) => {
    const { error } = submittedInput.safeParse(input);
    expect(error?.issues).toMatchObject([{ path: [path], message: expect.stringMatching(message) }]);
    expect(error?.issues[0]?.message).toMatch(/split them over several runs/);
    expect(diagnosisInput.safeParse(input).success, 'a run of an older version is still read').toBe(true);
  });

  it('bounds what a precision may add', () => {
    expect(mostCalls(read(1_000, 10, 1, { until: 0.1 }))).toBe(MAX_CALLS);
    expect(mostRepeats(read(1, 50, 4, { until: 0.1 }))).toBe(50);
    expect(mostRepeats(read(1, 1, 1, { until: 0.1 }))).toBe(100);
  });

  it.each<[number, number, number, object]>([
    [1, 1, 1, {}],
    [1_000, 6, 10, {}],
    [1_000, 6, 10, { until: 0.05 }],
    [7, 50, 50, { repeats: 4 }],
    [1_000, 20, 10, {}],
  ])('is divided into parts that hold each question once (%i questions, %i models, %i brands, %o)', (...size) => {
    const input = read(...size);
    const parts = partsOf(input);
    expect(parts.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index))).toEqual(
      Array.from(input.questions.keys()),
    );
    const [, models, brands] = size;
    const widest = Math.max(...parts.map(({ from, to }) => to - from));
    if (widest > 1) expect(widest * models * mostRepeats(input) * brands).toBeLessThanOrEqual(80_000);
  });

  it('has the same parts whatever was answered: they follow from the input', () => {
    expect(partsOf(read(1_000, 6, 10))).toHaveLength(7);
  });
});
