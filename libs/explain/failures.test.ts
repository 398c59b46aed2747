import { describe, expect, it } from 'vitest';
import { FailureKinds, type FailureSeen, groupFailures, kindText, MAX_KINDS, patternOf } from './failures.ts';

const failure = (changes: Partial<FailureSeen> = {}): FailureSeen => ({
  moduleId: 'shop@1.0.0',
  step: 'page',
  code: 'parse.threw',
  message: 'parse threw TypeError: no title',
  at: '/shop.ts:12:7',
  ...changes,
});

describe('failures of one kind', () => {
  it('are those of one step, one code and one line, whatever their messages', () => {
    const kinds = groupFailures([
      failure({ message: 'no price for a red shoe' }),
      failure({ message: 'no price for a blue hat' }),
      failure({ at: '/shop.ts:13:1' }),
      failure({ step: 'list' }),
      failure({ code: 'module.wrong_item' }),
      failure({ moduleId: 'shop@2.0.0' }),
    ]);
    expect(kinds.map(({ count }) => count)).toEqual([2, 1, 1, 1, 1]);
    expect(kinds[0]).toMatchObject({ message: 'no price for a red shoe', at: '/shop.ts:12:7', count: 2 });
  });

  it('are without a line those whose messages differ only in what they quote and count', () => {
    const at = undefined;
    const of = (url: string, position: number) =>
      failure({
        at,
        code: 'parse.not_json',
        message: `the page ${url} is not JSON: at position ${position}, near "<${url}"`,
      });
    const kinds = groupFailures([of('https://a.test/1', 7), of('https://b.test/x?y=2', 19), failure({ at })]);
    expect(kinds.map(({ count, pattern }) => [count, pattern])).toEqual([
      [2, 'the page … is not JSON: at position …, near …'],
      [1, 'parse threw TypeError: no title'],
    ]);
  });

  it('come with the first of them as an example, and the most frequent kind comes first', () => {
    const [often, once] = groupFailures([
      { ...failure({ step: 'list' }), url: 'https://a.test/0' },
      { ...failure(), url: 'https://a.test/1' },
      { ...failure(), url: 'https://a.test/2' },
    ]);
    expect(often!.example.url).toBe('https://a.test/1');
    expect(once!.example.url).toBe('https://a.test/0');
    expect(kindText(often!)).toBe('2 × page  parse.threw: parse threw TypeError: no title');
  });

  it('that only follow from others come last, however many they are', () => {
    const ended = failure({ code: 'terminated', message: 'its module was terminated', at: undefined });
    expect(groupFailures([ended, ended, ended, failure()]).map(({ code }) => code)).toEqual([
      'parse.threw',
      'terminated',
    ]);
  });
});

it('counts in bounded memory: kinds beyond the bound are only counted', () => {
  const kinds = new FailureKinds();
  const isFirst = Array.from({ length: MAX_KINDS + 3 }, (_, line) => kinds.add(failure({ at: `/shop.ts:${line}:1` })));
  expect(isFirst.filter(Boolean)).toHaveLength(MAX_KINDS);
  expect(kinds.add(failure({ at: '/shop.ts:0:1' }))).toBe(false);
  expect(kinds.list()).toHaveLength(MAX_KINDS);
  expect(kinds.list()[0]!.count).toBe(2);
  expect(kinds.rest).toBe(3);
});

it.each([
  ['a number 12.5 and 1,000', 'a number … and …'],
  ['at https://shop.test/p?x=1 again', 'at … again'],
  ['threw Error: x at /home/me/shop.ts:12:7', 'threw Error: x at …'],
  ['reading \'price\' of "a \\" b" and `c`', 'reading … of … and …'],
  ['run 01a22ae4-ef22-72b7-a0ef-d3797c88476d', 'run …'],
  ['digest 9f86d081884c7d659a2f', 'digest …'],
  ['a decade of facade', 'a decade of facade'],
])('takes out of %s what differs', (message, pattern) => {
  expect(patternOf(message)).toBe(pattern);
});
