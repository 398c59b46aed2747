import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  byPlace,
  byScore,
  demoRun,
  type HeardRun,
  LATE_END_MS,
  labelledRun,
  stabilityOf,
  told,
  verdictOn,
} from './bias.ts';
import { readLabelled } from './labelled-answers.ts';

const { answers } = readLabelled(join(import.meta.dirname, 'development', 'answers.jsonl'));
/** Enough for a figure to be wrong: the whole set is `npm run eval:brand -- --bias`. */
const SOME = answers.filter((_, index) => index % 2 === 0);

const judge = ({ brands, whole, heard, asWhole }: HeardRun) => {
  const truth = told(brands, whole);
  return {
    before: verdictOn(told(brands, asWhole), truth, byScore),
    now: verdictOn(told(brands, heard), truth, byPlace),
  };
};

describe('the beginning of an answer', () => {
  it('says what its end bears out: mentions, numbers of list items, the order of first mentions', () => {
    const { mentions, listRanks, mentionRanks } = stabilityOf(SOME);
    expect(mentions.all).toBeGreaterThan(500);
    expect(mentions.kept / mentions.all).toBeGreaterThan(0.995);
    expect(listRanks.kept / listRanks.all).toBeGreaterThan(0.995);
    expect(mentionRanks.kept / mentionRanks.all).toBeGreaterThan(0.995);
  });
});

describe('answers cut off by the latency of real models (R1)', () => {
  const runs = [1, 2, 3].map((seed) => labelledRun(SOME, seed));

  it('leave figures whose intervals hold the truth of the whole answers', () => {
    for (const run of runs) {
      const { now } = judge(run);
      expect(now.isRight, JSON.stringify(now.figures)).toBe(true);
      expect(now.isInBounds).toBe(true);
      expect(now.wrongOrders).toBe(0);
    }
  });

  it('made figures that do not, when they were read like whole ones', () => {
    expect(runs.map((run) => judge(run).before.isRight)).toContain(false);
  });

  it('are most of the answers after 17 seconds, and few after 57', () => {
    const cut = ({ heard }: HeardRun) => heard.filter(({ status }) => status === 'partial').length / heard.length;
    expect(cut(runs[0]!)).toBeGreaterThan(0.4);
    expect(cut(labelledRun(SOME, 1, LATE_END_MS))).toBeLessThan(0.1);
  });

  it('are ordered when enough was heard: caution is no silence', () => {
    const leader = { ...labelledRun(SOME, 1, LATE_END_MS) };
    const absent = (rows: HeardRun['heard']) =>
      rows.map((row) => ({
        ...row,
        findings: row.findings && {
          ...row.findings,
          brands: row.findings.brands.map((each) =>
            each.brand === 'brand 3' ? { ...each, mentioned: false, rank: null, mentionRank: null } : each,
          ),
        },
      }));
    const quiet = { ...leader, whole: absent(leader.whole), heard: absent(leader.heard) };
    const { now } = judge(quiet);
    expect(now.orders).toBeGreaterThanOrEqual(2);
    expect(now.wrongOrders).toBe(0);
  });

  it('give the demo bounds that hold its whole answers, and no order against them', () => {
    const { now } = judge(demoRun(3));
    expect(now.isRight).toBe(true);
    expect(now.wrongOrders).toBe(0);
  });
});
