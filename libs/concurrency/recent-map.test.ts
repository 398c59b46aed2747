import { describe, expect, it } from 'vitest';
import { RecentMap } from './recent-map.ts';

describe('a map of what was used recently', () => {
  it('lets go of what was used longest ago, read or written', () => {
    const map = new RecentMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
    expect(map.size).toBe(2);
  });

  it('counts a key once, however often it is written', () => {
    const map = new RecentMap<string, number>(2);
    for (const value of [1, 2, 3]) map.set('a', value);
    map.set('b', 4);
    expect([map.get('a'), map.get('b')]).toEqual([3, 4]);
  });

  it('forgets what is deleted', () => {
    const map = new RecentMap<string, number>(2);
    map.set('a', 1);
    map.delete('a');
    map.delete('never there');
    expect(map.get('a')).toBeUndefined();
    expect(map.size).toBe(0);
  });
});
