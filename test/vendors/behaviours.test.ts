import { beforeAll, describe, expect, it } from 'vitest';
import { faultsOf, runBehaviours, type Shown } from './run-behaviours.ts';
import { BEHAVIOURS } from './table.ts';

describe('what vendors send', () => {
  let shown: readonly Shown[] = [];
  beforeAll(async () => {
    shown = await runBehaviours(BEHAVIOURS);
  }, 60_000);

  it.each(BEHAVIOURS.map(({ vendor, name }, index) => [vendor, name, index] as const))(
    '%s: %s',
    (_vendor, _name, index) => {
      expect(faultsOf(shown[index]!)).toEqual([]);
    },
  );

  it('is a table of at least 80 behaviours, none twice', () => {
    expect(BEHAVIOURS.length).toBeGreaterThanOrEqual(80);
    expect(new Set(BEHAVIOURS.map(({ vendor, name }) => `${vendor}: ${name}`)).size).toBe(BEHAVIOURS.length);
  });

  it('is compared field by field: a row that differs is found', () => {
    const whole = shown.find(({ row }) => row?.status === 'whole')!;
    const faults = faultsOf({ ...whole, row: { ...whole.row!, status: 'partial' } });
    expect(faults).toEqual(['row.status is "partial", not "whole"']);
  });
});
