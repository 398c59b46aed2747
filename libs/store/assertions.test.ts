import { describe, expect, it } from 'vitest';
import { assertCommittable, assertInOrder } from './assertions.ts';

const BATCH = { runId: 'r', moduleId: 'm@1.0.0', phase: 0, nodeId: 'n', token: '1.1.x', items: [] };
const broken = expect.objectContaining({ code: 'store.invariant_broken', data: { invariant: 'I6', runId: 'r' } });

describe('items that are stored', () => {
  it('belong to a node and a token', () => {
    expect(() => assertCommittable(BATCH)).not.toThrow();
    for (const wrong of [{ nodeId: '' }, { token: '' }]) {
      expect(() => assertCommittable({ ...BATCH, ...wrong })).toThrow(broken);
    }
  });
});

describe('items that are read', () => {
  const rows = (...seqs: number[]) => seqs.map((seq) => ({ seq }));

  it('come in their order, behind the one that was asked for', () => {
    expect(assertInOrder(rows(3, 4, 9), 'r', 2)).toHaveLength(3);
    expect(assertInOrder([], 'r', 2)).toEqual([]);
  });

  it.each([[[3, 3]], [[4, 3]], [[2]]])('in the order %j stop their reader', (seqs) => {
    expect(() => assertInOrder(rows(...seqs), 'r', 2)).toThrow(broken);
  });
});
