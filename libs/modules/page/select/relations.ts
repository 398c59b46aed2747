/** The combinators of CSS, in both directions: from an element to what must stand before it, and to what must follow. */

import { SelectorType, type TraversalType } from 'css-what';
import { type ChildNode, type Element, isTag } from 'domhandler';
import type { Memory } from './memory.ts';

export type Test = (element: Element, memory: Memory) => boolean;

/** Whether an element stands as the combinator says behind one that passes: `A > B` asks this of B. */
export function preceded(type: TraversalType, test: Test): Test {
  const relation = {};
  switch (type) {
    case SelectorType.Descendant:
      return (element, memory) => anyOnTheWay(element, parentElement, test, memory, relation);
    case SelectorType.Sibling:
      return (element, memory) => anyOnTheWay(element, previousElement, test, memory, relation);
    case SelectorType.Child:
      return (element, memory) => passes(parentElement(element), test, memory);
    case SelectorType.Adjacent:
      return (element, memory) => passes(previousElement(element), test, memory);
    case SelectorType.Parent:
      return (element, memory) => element.children.some((child) => isTag(child) && test(child, memory));
    default:
      throw new Error('the column combinator || is not supported');
  }
}

/** Whether one that passes stands as the combinator says behind an element: `:has(> B)` asks this. */
export function followed(type: TraversalType, test: Test): Test {
  const relation = {};
  switch (type) {
    case SelectorType.Descendant:
      return (element, memory) => anyInside(element, test, memory, memory.known(relation));
    case SelectorType.Sibling:
      return (element, memory) => anyOnTheWay(element, nextElement, test, memory, relation);
    case SelectorType.Child:
      return (element, memory) => element.children.some((child) => isTag(child) && test(child, memory));
    case SelectorType.Adjacent:
      return (element, memory) => passes(nextElement(element), test, memory);
    case SelectorType.Parent:
      return (element, memory) => passes(parentElement(element), test, memory);
    default:
      throw new Error('the column combinator || is not supported');
  }
}

export function parentElement(element: Element): Element | null {
  const { parent } = element;
  return parent !== null && isTag(parent) ? parent : null;
}

export function previousElement(element: Element): Element | null {
  return elementFrom(element.prev, 'prev');
}

export function nextElement(element: Element): Element | null {
  return elementFrom(element.next, 'next');
}

/** Whether an element itself, or one that steps lead to from it, passes. */
export function selfOrOnTheWay(
  element: Element,
  step: (element: Element) => Element | null,
  test: Test,
  memory: Memory,
  relation: object,
): boolean {
  const known = memory.known(relation);
  const passed: Element[] = [];
  let result = false;
  for (let at: Element | null = element; at !== null; at = step(at)) {
    const answer = known.get(at);
    if (answer !== undefined) {
      result = answer;
      break;
    }
    passed.push(at);
    if (test(at, memory)) {
      result = true;
      break;
    }
  }
  // Whatever was passed on the way has the same answer, so no way is gone twice.
  for (const one of passed) known.set(one, result);
  return result;
}

function anyOnTheWay(
  element: Element,
  step: (element: Element) => Element | null,
  test: Test,
  memory: Memory,
  relation: object,
): boolean {
  const first = step(element);
  return first !== null && selfOrOnTheWay(first, step, test, memory, relation);
}

function anyInside(element: Element, test: Test, memory: Memory, known: Map<Element, boolean>): boolean {
  const answer = known.get(element);
  if (answer !== undefined) return answer;
  const result = element.children.some(
    (child) => isTag(child) && (test(child, memory) || anyInside(child, test, memory, known)),
  );
  known.set(element, result);
  return result;
}

function passes(element: Element | null, test: Test, memory: Memory): boolean {
  return element !== null && test(element, memory);
}

function elementFrom(start: ChildNode | null, direction: 'prev' | 'next'): Element | null {
  let node = start;
  while (node !== null && !isTag(node)) node = node[direction];
  return node as Element | null;
}
