import { describe, expect, it } from 'vitest';
import { NextRound } from './next-round.ts';

function recording() {
  const begun: string[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const rounds = new NextRound((key) => {
    begun.push(key);
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  return { rounds, begun, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('NextRound', () => {
  it('never lets anybody join a round that began before they asked; those who wait share the next', async () => {
    const { rounds, begun, ends } = recording();
    const first = rounds.join('r');
    const second = rounds.join('r');
    const third = rounds.join('r');
    expect(begun).toEqual(['r']);
    ends[0]!.resolve();
    await first;
    await turn();
    expect(begun).toEqual(['r', 'r']);
    ends[1]!.resolve();
    await Promise.all([second, third]);
    const later = rounds.join('r');
    expect(begun).toHaveLength(3);
    ends[2]!.resolve();
    await later;
  });

  it('keeps keys apart, and a failed round to those who joined it', async () => {
    const { rounds, begun, ends } = recording();
    const failing = rounds.join('r');
    const other = rounds.join('s');
    const next = rounds.join('r');
    expect(begun).toEqual(['r', 's']);
    ends[0]!.reject(new Error('no answer'));
    await expect(failing).rejects.toThrow('no answer');
    await turn();
    for (const end of ends) end.resolve();
    await Promise.all([other, next]);
    expect(begun).toEqual(['r', 's', 'r']);
  });
});
