/** The model holds under every rule as it is now, and notices when a rule is taken back. */
import { describe, expect, it } from 'vitest';
import { FIXED, LITERAL, type Rules, simulate } from './model.ts';

/** What goes wrong in these seeds, with the seed of each finding. */
function findings(rules: Rules, seeds: number, base: number): string[] {
  const found: string[] = [];
  for (let seed = base; seed < base + seeds; seed++) {
    for (const bad of simulate(seed, rules).bad) found.push(`seed ${seed}: ${bad}`);
  }
  return found;
}

describe('the model of the chain', () => {
  it('finds nothing under the rules as they are', { timeout: 60_000 }, () => {
    expect(findings({ ...FIXED }, 150, 1_000)).toEqual([]);
  });

  it.each(['claimState', 'claimNonce', 'dueTake', 'drain', 'windowSweep', 'capDrain', 'capReplaces'] as const)(
    'finds something without the rule %s',
    (rule) => {
      expect(findings({ ...FIXED, [rule]: LITERAL[rule] }, 40, 1)).not.toEqual([]);
    },
  );

  it.each([
    ['earlyRestart', 83],
    ['earlyWaits', 51],
    ['earlyAgain', 204],
  ] as const)('finds a compute hop whose last word is an early one without the rule %s', (rule, seed) => {
    expect(findings({ ...FIXED, [rule]: LITERAL[rule] }, 1, seed)).not.toEqual([]);
  });

  it('finds a run that stands still without the rule windowFront', () => {
    expect(findings({ ...FIXED, windowFront: LITERAL.windowFront }, 1, 8_576)).toEqual([
      'seed 8576: I8 stuck: run open; pending',
    ]);
  });
});
