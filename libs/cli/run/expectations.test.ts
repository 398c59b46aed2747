import { describe, expect, it } from 'vitest';
import { StepTally } from '../status/step-tally.ts';
import { judge, parseExpectations } from './expectations.ts';

const MODULE = { itemTypes: ['product', 'review'], steps: [{ name: 'list' }, { name: 'detail' }] };

const STEPS = [
  { step: 'list', pages: 10, empty: 1 },
  { step: 'detail', pages: 4, empty: 0 },
];

function unmet(options: Parameters<typeof parseExpectations>[0], steps: typeof STEPS | undefined = STEPS) {
  const itemsByType = new Map([['product', 7]]);
  return judge(parseExpectations(options, MODULE), { items: 7, itemsByType, steps });
}

describe('--expect-items', () => {
  it.each([
    [['7'], []],
    [['product=7', '0'], []],
    [['8'], ['expected at least 8 items, but there are 7']],
    [['review=1'], ['expected at least 1 item of type review, but there are 0']],
    [['1', 'product=9'], ['expected at least 9 items of type product, but there are 7']],
  ])('%j', (expectItems, sentences) => {
    expect(unmet({ expectItems }).unmet).toEqual(sentences);
  });

  it.each(['', 'x', '-1', '1.5', '=3', 'product=', 'product=x', 'prodct=1', '1e3'])('%j is refused', (text) => {
    expect(() => parseExpectations({ expectItems: [text] }, MODULE)).toThrow(
      expect.objectContaining({ code: 'cli.bad_expectation' }) as Error,
    );
  });

  it('of a mistyped type is refused with the nearest one', () => {
    expect(() => parseExpectations({ expectItems: ['prodct=1'] }, MODULE)).toThrow(
      expect.objectContaining({ remedy: 'did you mean product?' }) as Error,
    );
  });
});

describe('--max-empty', () => {
  it.each([
    [['0.1'], []],
    [['10%'], []],
    [['0.05'], ['expected at most 5 % of the pages of step list to yield nothing, but 1 of 10 (10 %) did']],
    [['0', 'list=0.5'], []],
    [['detail=0'], []],
    [['list=0'], ['expected at most 0 % of the pages of step list to yield nothing, but 1 of 10 (10 %) did']],
  ])('%j', (maxEmpty, sentences) => {
    expect(unmet({ maxEmpty }).unmet).toEqual(sentences);
  });

  it.each(['', '1.1', '101%', 'lst=0', 'list=', '-0.1'])('%j is refused', (text) => {
    expect(() => parseExpectations({ maxEmpty: [text] }, MODULE)).toThrow(
      expect.objectContaining({ code: 'cli.bad_expectation' }) as Error,
    );
  });

  it('is said to be unknown if no page was parsed here', () => {
    expect(unmet({ maxEmpty: ['0'] }, [])).toEqual({ unmet: [], unknown: [expect.stringContaining('--fresh')] });
  });
});

describe('the tally of steps', () => {
  it('counts a page as empty if nothing at all was yielded', () => {
    const tally = new StepTally(['list', 'detail', 'unused']);
    const yields = [
      { items: [], children: [] },
      { items: [], children: [], staged: 3 },
      { items: [], children: [], drops: 1 },
      { items: [{}], children: [] },
      { items: [], children: [{}] },
    ] as unknown as readonly Parameters<StepTally['take']>[0]['yielded'][];
    for (const yielded of yields) tally.take({ stepIdx: 0, yielded });
    tally.take({ stepIdx: 1, yielded: { items: [], children: [] } });
    expect(tally.counts()).toEqual([
      { step: 'list', pages: 5, empty: 1 },
      { step: 'detail', pages: 1, empty: 1 },
    ]);
  });
});
