import { describe, expect, it } from 'vitest';
import { assertChildren, assertCreated, assertLeased, assertNotBefore } from './assertions.ts';
import { MAX_CHILDREN } from './commits.ts';
import type { ChainNode, NodeSeed } from './node.ts';
import type { WakeUp } from './outcome.ts';

const children = (count: number, phase: number) => Array.from({ length: count }, () => ({ phase }) as NodeSeed);

describe('children of a commit', () => {
  it('go to the phase of their parent or a later one that the module has', () => {
    expect(() => assertChildren(children(1, 1), 1, 3)).not.toThrow();
    expect(() => assertChildren(children(1, 2), 1, 3)).not.toThrow();
    expect(() => assertChildren(children(1, 0), 1, 3)).toThrow('cannot have a child in phase 0');
    expect(() => assertChildren(children(1, 3), 1, 3)).toThrow('cannot have a child in phase 3');
  });

  it('are no more than a commit carries', () => {
    expect(() => assertChildren(children(MAX_CHILDREN, 0), 0, 1)).not.toThrow();
    expect(() => assertChildren(children(MAX_CHILDREN + 1, 0), 0, 1)).toThrow(`carries ${MAX_CHILDREN + 1} children`);
  });
});

describe('what a coordinator answers', () => {
  const node = { id: 'a', runId: 'r', moduleId: 'm', phase: 1 };
  const leased = { ...node, state: 'processing', owner: 'me', token: 't', dueAtMs: 1 } as ChainNode;
  const wakeUp = (phase: number) => ({ node: { ...node, id: 'b', phase } }) as WakeUp;
  const broken = (invariant: string) =>
    expect.objectContaining({
      code: 'coordinator.invariant_broken',
      data: { invariant, nodeId: 'a', runId: 'r', moduleId: 'm', phase: 1 },
    });

  it('to a claim is a lease of its owner on that node, with a token and an end', () => {
    expect(() => assertLeased(leased, node, 'me')).not.toThrow();
    for (const wrong of [{ owner: 'you' }, { token: '' }, { state: 'pending' }, { id: 'b' }] as const) {
      expect(() => assertLeased({ ...leased, ...wrong }, node, 'me')).toThrow(broken('I3'));
    }
    expect(() => assertLeased({ ...leased, dueAtMs: 0 }, node, 'me')).toThrow(broken('I2'));
  });

  it('to a commit accounts for each child, and wakes up nothing of an earlier phase', () => {
    expect(() => assertCreated(node, 3, 2, 1)).not.toThrow();
    expect(() => assertCreated(node, 3, 2, 0)).toThrow(broken('I4'));
    expect(() => assertNotBefore(node, [wakeUp(1), wakeUp(2)])).not.toThrow();
    expect(() => assertNotBefore(node, [wakeUp(1), wakeUp(0)])).toThrow(broken('I5'));
  });
});
