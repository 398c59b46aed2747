import { describe, expect, it } from 'vitest';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { Observed } from './chaos.ts';
import { planChaos } from './plan.ts';
import { quantile, RecoveryWatch } from './recovery.ts';
import { reportOf, reportText } from './report.ts';
import type { Sampler } from './samples.ts';

const plan = planChaos({ seed: 5, forMs: 60_000, leaseMs: 1_500, hasMachine: true });
const verdict = {
  lost: 0,
  duplicate: 0,
  phantom: 0,
  stuck: 0,
  drift: 0,
  wrongJoins: 0,
  wrongEnds: 0,
  wrongDeaths: 0,
  details: [],
};

function observed(changes: Partial<Observed> = {}): Observed {
  return {
    ...{
      plan,
      verdict,
      runs: 1,
      nodes: 1_000,
      ledger: [],
      recovered: [],
      unrecovered: [],
      unexpectedEnds: [],
      logged: [],
    },
    struck: plan.faults.map((fault) => ({ fault, atMs: fault.atMs, what: 'done', isDone: true })),
    messages: { purged: 1, duplicated: 1, delayed: 1 },
    sampler: { answers: () => 1, total: () => 1 } as unknown as Sampler,
    ...{ tookMs: 10_000, afterFaultsMs: 1_000 },
    ...changes,
  };
}

describe('a report', () => {
  it('passes when nothing is wrong and every fault was seen', () => {
    const report = reportOf(5, observed());
    expect(report.violations).toEqual([]);
    expect(reportText(report)).toContain('passed');
  });

  it('names what is wrong, and how to have it again', () => {
    const report = reportOf(
      5,
      observed({ verdict: { ...verdict, lost: 2 }, unrecovered: ['kill'], unexpectedEnds: ['parser ended by itself'] }),
    );
    expect(report.violations).toEqual(['lost: 2', 'nothing was committed after: kill', 'parser ended by itself']);
    expect(reportText(report)).toContain('replay with --seed 5');
  });

  it('fails when a fault was not seen', () => {
    const without = (kind: string) => observed().struck.filter(({ fault }) => fault.kind !== kind);
    expect(reportOf(5, observed({ struck: without('redis') })).violations).toEqual(['not seen: restarts of Redis']);
    expect(reportOf(5, observed({ messages: { purged: 0, duplicated: 1, delayed: 1 } })).violations).toEqual([
      'not seen: messages purged',
    ]);
    const unfenced = { answers: (_: string, code: string) => (code === 'FENCING_REJECT' ? 0 : 1), total: () => 1 };
    expect(reportOf(5, observed({ sampler: unfenced as unknown as Sampler })).violations).toEqual([
      'not seen: fenced commits',
    ]);
  });

  it('counts a fault that found nothing to do as not seen', () => {
    const struck = observed().struck.map((each) => (each.fault.kind === 'kill' ? { ...each, isDone: false } : each));
    expect(reportOf(5, observed({ struck })).violations).toEqual(['not seen: processes killed']);
  });
});

describe('recovery', () => {
  const counting = (commits: number, parsed: number) =>
    ({
      total: ({ name }: { name: string }) => (name === METRICS.parserSuccess.name ? parsed : commits),
    }) as unknown as Sampler;

  it('ends with the first reading that counts a further commit of the kind', () => {
    const watch = new RecoveryWatch();
    watch.begin('kill', 'request', 1_000, counting(10, 4));
    watch.begin('kill', 'hop', 1_000, counting(10, 4));
    watch.observe(1_200, counting(12, 4));
    watch.observe(1_500, counting(13, 5));
    expect(watch.recovered).toEqual([
      { fault: 'kill', affected: 'hop', tookMs: 200 },
      { fault: 'kill', affected: 'request', tookMs: 500 },
    ]);
    expect(watch.unrecovered).toEqual([]);
  });

  it('is told by its median and its worst', () => {
    expect(quantile([5, 1, 3], 0.5)).toBe(3);
    expect(quantile([5, 1, 3], 0.99)).toBe(5);
    expect(quantile([], 0.5)).toBe(0);
  });
});
