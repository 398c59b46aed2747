import { describe, expect, it } from 'vitest';
import { compareTrees, descriptorModule } from './generate.ts';
import { sumOf, tallyOf } from './tally.ts';

describe('generate-and-compare', () => {
  const fresh = new Map([
    ['a.ts', 'a'],
    ['b.ts', 'b'],
  ]);

  it('finds nothing when both are equal', () => {
    expect(compareTrees(new Map(fresh), fresh)).toEqual([]);
  });

  it('finds files that are missing, different or left over', () => {
    const committed = new Map([
      ['b.ts', 'B'],
      ['c.ts', 'c'],
    ]);
    expect(compareTrees(committed, fresh)).toEqual([
      'a.ts is missing',
      'b.ts is not what proto/ gives',
      'c.ts comes from no proto file',
    ]);
  });

  it('does not pass because nothing was generated', () => {
    expect(compareTrees(new Map(), new Map())).toEqual(['nothing was generated']);
  });

  it('holds descriptors as source text', async () => {
    const source = descriptorModule(Uint8Array.of(0, 1, 255));
    const { DESCRIPTOR_SET } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    expect([...Buffer.from(DESCRIPTOR_SET, 'base64')]).toEqual([0, 1, 255]);
  });
});

describe('the tally', () => {
  const report = (passed: number, failed: number, success: boolean) =>
    JSON.stringify({ numPassedTests: passed, numFailedTests: failed, success });

  it.each([
    [report(3, 0, true), { passed: 3, failed: 0 }],
    [report(3, 2, false), { passed: 3, failed: 2 }],
    [report(3, 0, false), { passed: 3, failed: 1 }],
    [report(0, 0, true), { passed: 0, failed: 1 }],
    ['null', { passed: 0, failed: 1 }],
    ['{"numPassedTests":"7","success":true}', { passed: 0, failed: 1 }],
    ['not json', { passed: 0, failed: 1 }],
    [undefined, { passed: 0, failed: 1 }],
  ])('of %s is never better than the run', (text, tally) => {
    expect(tallyOf(text)).toEqual(tally);
  });

  it('adds up', () => {
    expect(sumOf([tallyOf(report(3, 0, true)), tallyOf(report(4, 1, false)), tallyOf(undefined)])).toEqual({
      passed: 7,
      failed: 2,
    });
  });
});
