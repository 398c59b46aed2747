import { describe, expect, it } from 'vitest';
import { itemsOf, nodesOf, pageOf, pagesOf, worldOf } from './world.ts';

const world = worldOf(3, 0);

describe('a world', () => {
  it('is the same for the same seed, and another for each run', () => {
    expect(itemsOf(worldOf(3, 0))).toEqual(itemsOf(world));
    expect(itemsOf(worldOf(3, 1))).not.toEqual(itemsOf(world));
  });

  it('has a page for every path that it names, and none for others', () => {
    for (const path of pagesOf(world)) expect(pageOf(world, path), path).toBeDefined();
    for (const path of ['list/0', 'list/99', 'detail/99999', 'report/99', 'detail/', 'other/1', '']) {
      expect(pageOf(world, path), path).toBeUndefined();
    }
  });

  it('leaves one joined item that agrees with the items it counts', () => {
    const items = itemsOf(world);
    const count = (type: string) => items.filter((item) => item.type === type).length;
    const [joined] = items.filter((item) => item.type === 'joined');
    expect(count('joined')).toBe(1);
    expect(joined!.data).toMatchObject({ records: count('record'), parts: count('part'), leaves: count('leaf') });
  });

  it('counts a node for each hop and request', () => {
    const fetched = pagesOf(world).length;
    const computed = itemsOf(world).filter(({ type }) => type === 'part' || type === 'leaf').length;
    // Beside them the start, the step with many children, and the join.
    expect(nodesOf(world)).toBe(2 * fetched + computed + 3);
  });
});
