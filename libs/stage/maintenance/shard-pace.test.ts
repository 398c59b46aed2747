import { expect, it } from 'vitest';
import { ShardPace } from './shard-pace.ts';

/** Looks at whatever is due for a while, in steps of the interval; the looks at each shard. */
function play({
  forMs,
  idleMs = 10_000,
  onLook,
}: {
  readonly forMs: number;
  readonly idleMs?: number;
  readonly onLook?: (pace: ShardPace, shard: number, nowMs: number) => { found: boolean; nextInMs?: number };
}) {
  let nowMs = 0;
  const pace = new ShardPace({ shards: 2, intervalMs: 100, idleMs, monotonic: () => nowMs });
  const looks: number[][] = [[], []];
  for (; nowMs < forMs; nowMs += 100) {
    for (const shard of pace.due()) {
      looks[shard]!.push(nowMs);
      pace.looked(shard, onLook?.(pace, shard, nowMs) ?? { found: false });
    }
  }
  return { looks, pace };
}

it('an idle shard is looked at ever more seldom, and never less often than the longest pause', () => {
  const { looks } = play({ forMs: 100_000 });
  expect(looks[0]!.length).toBeLessThan(25);
  const pauses = looks[0]!.slice(1).map((atMs, at) => atMs - looks[0]![at]!);
  expect(pauses[0]).toBeLessThanOrEqual(200);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
});

it('a shard in which something is found is looked at in every round, and no other for that', () => {
  const { looks } = play({ forMs: 20_000, onLook: (_pace, shard) => ({ found: shard === 0 }) });
  expect(looks[0]).toHaveLength(200);
  expect(looks[1]!.length).toBeLessThan(20);
});

it('work on a run makes its shard busy at once, and for a while', () => {
  const { looks, pace } = play({ forMs: 60_000 });
  expect(pace.due()).not.toContain(0);
  pace.touch(0);
  expect(looks[0]!.length).toBeLessThan(25);
  const touched = play({
    forMs: 30_000,
    onLook: (each, shard, nowMs) => {
      if (nowMs < 10_000) each.touch(shard);
      return { found: false };
    },
  });
  expect(touched.looks[0]!.filter((atMs) => atMs < 20_000).length).toBeGreaterThan(190);
});

it('a time at which something is known to be due is not slept through', () => {
  let next = 33_000;
  const { looks } = play({
    forMs: 40_000,
    onLook: (_pace, _shard, nowMs) => ({ found: false, ...(nowMs < next ? { nextInMs: next - nowMs } : {}) }),
  });
  expect(looks[0]!.some((atMs) => atMs >= 33_000 && atMs <= 33_200)).toBe(true);
  next = 0;
});

it('a longest pause as long as the interval turns the pace off', () => {
  expect(play({ forMs: 5_000, idleMs: 100 }).looks[0]).toHaveLength(50);
});

it('a shard that could not be looked at is asked again ever more seldom, work on its runs or not, and then as before', () => {
  let nowMs = 0;
  const pace = new ShardPace({ shards: 1, intervalMs: 100, idleMs: 10_000, monotonic: () => nowMs });
  const looks: number[] = [];
  for (; nowMs < 20_000; nowMs += 100) {
    pace.touch(0);
    if (pace.due().length === 0) continue;
    looks.push(nowMs);
    if (nowMs < 10_000) pace.failed(0);
    else pace.looked(0, { found: true });
  }
  expect(looks.slice(0, 6)).toEqual([0, 100, 300, 700, 1_500, 3_100]);
  expect(looks.filter((atMs) => atMs > 12_000)).toHaveLength(79);
});
