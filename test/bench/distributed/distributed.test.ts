import { describe, expect, it } from 'vitest';
import type { Sample } from '../rounds.ts';
import { goalsTable, isMet } from './goals.ts';
import { quantile } from './instants.ts';
import { cpuSecondsOf, parseStat } from './processes.ts';
import { checkChains } from './steps.ts';
import { throughputTable } from './tables.ts';

describe('the CPU time of processes', () => {
  it('is read behind the name, whatever that holds', () => {
    const line = '7 (a) b (c) S 3 7 7 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 11 0 99';
    expect(parseStat(7, line)).toEqual({ pid: 7, parent: 3, ticks: 127 });
  });

  it('grows with work, and is nothing for a process that is gone', () => {
    const before = cpuSecondsOf([process.pid]);
    // The kernel counts in hundredths of a second, and only while the process runs.
    const usedAtFirst = process.cpuUsage();
    while (process.cpuUsage(usedAtFirst).user < 30_000);
    expect(cpuSecondsOf([process.pid])).toBeGreaterThan(before);
    expect(cpuSecondsOf([2 ** 30])).toBe(0);
  });
});

describe('quantiles', () => {
  it('are values that were measured', () => {
    const values = [5, 1, 3, 2, 4];
    expect([0, 0.5, 0.9, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 3, 5, 5, 5]);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('the results of chains', () => {
  const good = [
    { chain: 1, value: 3 },
    { chain: 0, value: 1 },
    { chain: 2, value: 5 },
  ];

  it('may come in any order', () => {
    expect(() => checkChains('it', good, 3)).not.toThrow();
  });

  it('are refused when one is missing, doubled or wrong', () => {
    expect(() => checkChains('it', good.slice(1), 3)).toThrow(/chain 1 was expected/);
    expect(() => checkChains('it', good.slice(0, 2), 3)).toThrow(/2 chains of 3/);
    expect(() => checkChains('it', [...good, good[2]!], 3)).toThrow(/chain 3 was expected/);
    expect(() => checkChains('it', [...good.slice(0, 2), { chain: 2, value: 4 }], 3)).toThrow(/chain 2 was expected/);
    expect(() => checkChains('it', [], 3)).toThrow(/0 chains of 3/);
  });
});

describe('goals', () => {
  const most = { what: 'latency', found: 5, unit: 'ms', atMost: 5 };
  const least = { what: 'speed', found: 0.79, unit: '×', atLeast: 0.8 };

  it('are met at their bound and missed beyond it', () => {
    expect(isMet(most)).toBe(true);
    expect(isMet({ ...most, found: 5.1 })).toBe(false);
    expect(isMet(least)).toBe(false);
    expect(isMet({ ...least, found: 0.8 })).toBe(true);
  });

  it('are missed by what was not measured', () => {
    expect(isMet({ ...most, found: Number.NaN })).toBe(false);
  });

  it('stand in a table with what was wanted', () => {
    const rows = goalsTable([most, least]).split('\n').slice(2);
    expect(rows[0]).toMatch(/latency .*≤ 5\.0 ms .*5\.0 ms .*met/);
    expect(rows[1]).toMatch(/speed .*≥ 0\.80 × .*0\.79 × .*MISSED/);
  });
});

describe('the table of throughput', () => {
  const sample = (unitsPerSecond: number, cpuSeconds: number): Sample => ({
    ...{ units: 1_000, unitsPerSecond, startUpSeconds: 1, cpuSeconds, peakRssBytes: 2 ** 20 },
    ...{ serversCpu: { redis: 0.5 } },
  });
  const [one, other] = [
    { id: 'one', name: 'one' },
    { id: 'other', name: 'the other' },
  ];

  it('compares speed and work per CPU second, and dashes what is not there', () => {
    const samples = new Map([
      ['one', [sample(100, 1)]],
      ['other', [sample(50, 4)]],
    ]);
    const text = throughputTable([one!, other!], samples, { unit: 'pages', beside: one! });
    const cells = text
      .split('\n')[3]!
      .split('|')
      .map((cell) => cell.trim());
    expect(cells.slice(1, -1)).toEqual([
      'the other',
      '50',
      '50 – 50',
      '4.00',
      '0.50',
      '–',
      '–',
      '250',
      '1',
      '0.50',
      '0.25',
    ]);
  });
});
