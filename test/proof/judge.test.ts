import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { expectedItems } from './site.ts';

const whole = expectedItems();

describe('what a run has stored', () => {
  it('is right when everything is there once', () => {
    expect(judge(whole)).toEqual({ lost: 0, doubled: 0, isJoined: true });
  });

  it('lacks items that are not there, or have another value', () => {
    const [first, second, ...rest] = whole;
    expect(judge([{ ...first!, value: -1 }, ...rest])).toMatchObject({ lost: 2, doubled: 0 });
    expect(judge([first!, second!, ...rest])).toMatchObject({ lost: 0 });
  });

  it('has items twice that are there more often than once', () => {
    expect(judge([...whole, whole[3]!, whole[3]!, whole[7]!])).toEqual({ lost: 0, doubled: 3, isJoined: true });
  });

  it('has no join when that is missing, wrong, or once wrong', () => {
    const pages = whole.filter(({ id }) => id !== 'sum');
    const wrong = { id: 'sum', value: 1 };
    expect(judge(pages).isJoined).toBe(false);
    expect(judge([...pages, wrong]).isJoined).toBe(false);
    expect(judge([...whole, wrong]).isJoined).toBe(false);
  });
});
