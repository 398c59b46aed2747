import { describe, expect, it } from 'vitest';
import { assertChildren } from './assert-children.ts';
import { MAX_CHILDREN } from './commits.ts';
import type { NodeSeed } from './node.ts';

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
