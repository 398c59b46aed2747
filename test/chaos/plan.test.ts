import { describe, expect, it } from 'vitest';
import { type FaultKind, planChaos } from './plan.ts';

const plan = (seed: number, forMs = 60_000) => planChaos({ seed, forMs, leaseMs: 1_500, hasMachine: true });
const seeds = Array.from({ length: 50 }, (_, at) => at + 1);

describe('a schedule', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7).faults).not.toEqual(plan(8).faults);
  });

  it('has every kind of fault, NATS with its data and without, whatever the seed', () => {
    const every: readonly FaultKind[] = [
      ...(['kill', 'freeze', 'redis', 'redis_failover', 'postgres'] as const),
      ...(['nats', 'nats_leader', 'nats_quorum', 'purge', 'duplicate', 'delay', 'partition', 'disk_full'] as const),
    ];
    for (const seed of seeds) {
      const { faults } = plan(seed);
      expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(every));
      const kept = faults.flatMap((fault) => (fault.kind === 'nats' ? [fault.keepsData] : []));
      expect(new Set(kept)).toEqual(new Set([true, false]));
    }
  });

  it('stands in the order of its times, within its window', () => {
    for (const seed of seeds) {
      const times = plan(seed).faults.map(({ atMs }) => atMs);
      expect(times).toEqual([...times].sort((one, other) => one - other));
      expect(times.at(-1)).toBeLessThanOrEqual(60_000);
    }
  });

  it('stops processes that hold leases, for longer than those last', () => {
    for (const { members, faults } of seeds.map((seed) => plan(seed))) {
      for (const fault of faults) {
        if (fault.kind !== 'freeze') continue;
        expect(fault.forMs).toBeGreaterThan(1_500);
        expect(['module-processor', 'downloader', 'parser', 'all']).toContain(members[fault.member]);
      }
    }
  });

  it('is empty when it has no time', () => {
    expect(plan(3, 0).faults).toEqual([]);
  });

  it('hosts every stage twice, and in some seeds all of them in one process', () => {
    for (const seed of seeds) {
      const { members } = plan(seed);
      for (const stage of ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold']) {
        expect(members.filter((name) => name === stage || name === 'all').length).toBeGreaterThanOrEqual(2);
      }
    }
    expect(seeds.some((seed) => plan(seed).members.every((name) => name === 'all'))).toBe(true);
  });
});
