import { describe, expect, it } from 'vitest';
import type { DueEntry } from '../../../libs/coordination/protocol/sweep.ts';
import { differences } from './difference.ts';
import { DueLooks } from './due-looks.ts';
import { normalOutcome } from './normal-form.ts';
import { OneToOne } from './one-to-one.ts';

describe('names that are free to differ', () => {
  it('stand for each other, one to one', () => {
    const names = new OneToOne();
    expect(names.pair('l1', 'r1')).toBe(true);
    expect(names.pair('l1', 'r1')).toBe(true);
    expect(names.pair('l1', 'r2'), 'two for one').toBe(false);
    expect(names.pair('l2', 'r1'), 'one for two').toBe(false);
    expect(names.pair('', 'r3'), 'one for none').toBe(false);
    expect([names.toRight('l1'), names.toLeft('r1'), names.toRight('made up')]).toEqual(
      ['l1', 'r1', 'made up'].map(mirror),
    );
  });

  it('are no name of the other side before they were paired', () => {
    expect(new OneToOne().toLeft('r1')).not.toBe('r1');
  });
});

describe('differences', () => {
  it('are told with their path and both values', () => {
    expect(differences({ a: [1, { b: 2 }], c: 3 }, { a: [1, { b: 4 }], c: 3, d: null })).toEqual([
      'a.1.b: 2 | 4',
      'd: nothing | null',
    ]);
    expect(differences([], {})).toHaveLength(1);
    expect(differences({ a: undefined }, { a: undefined })).toEqual([]);
  });

  it('are not made by the order of wake-ups', () => {
    const wakeUps = [
      { kind: 'request', epoch: 1 },
      { epoch: 0, kind: 'request' },
    ];
    expect(normalOutcome({ code: 0, wakeUps })).toEqual(normalOutcome({ code: 0, wakeUps: wakeUps.toReversed() }));
    expect(normalOutcome({ code: 0, wakeUps })).not.toEqual(normalOutcome({ code: 0, wakeUps: wakeUps.slice(1) }));
  });
});

describe('what stands due', () => {
  const settle: DueEntry = { kind: 'settle', runId: 'r' };
  const of = (...entries: DueEntry[]) => ({ entries, more: false });

  it('may be left unsaid by who said it a moment ago, and by nobody for long', () => {
    const looks = new DueLooks(1_000);
    expect(looks.compare(of(settle), of(settle), 0).found).toEqual([]);
    expect(looks.compare(of(settle), of(), 999)).toEqual({ found: [], entries: [settle] });
    expect(looks.compare(of(settle), of(), 1_000).found).toHaveLength(1);
    expect(new DueLooks(1_000).compare(of(), of(settle), 0).found).toHaveLength(1);
  });

  it('is said once a look, and with nothing more where there was room', () => {
    expect(new DueLooks(1_000).compare(of(settle, settle), of(settle), 0).found).toHaveLength(1);
    expect(new DueLooks(1_000).compare(of(settle), { entries: [settle], more: true }, 0).found).toHaveLength(1);
  });
});

/** The other side's word for it. */
function mirror(name: string): string {
  return { l1: 'r1', r1: 'l1' }[name] ?? name;
}
