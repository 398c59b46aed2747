/** Finds elements by selectors. Every search visits each node at most once for each part of the selector. */
import { isTraversal, type Selector, SelectorType, type TraversalType } from 'css-what';
import { type ChildNode, type Element, hasChildren, isTag, type ParentNode } from 'domhandler';
import { type CompiledSelector, compileAlternatives, isPositional, partTest } from './compile.ts';
import { Memory, rootOf } from './memory.ts';
import { isScope } from './pseudo-classes.ts';
import { nextElement, parentElement, type Test } from './relations.ts';

/** Where a search starts: a document, elements, or other nodes, in which nothing is found. */
export type Contexts = readonly (ChildNode | ParentNode)[];

/** The elements inside of the contexts that match, in the order of the document, `limit` at most. */
export function findInside(
  contexts: Contexts,
  selector: CompiledSelector,
  memory: Memory,
  limit = Number.POSITIVE_INFINITY,
): Element[] {
  const scope = contexts.some(isTag) ? new Set<unknown>(contexts) : undefined;
  if (scope !== undefined && selector.startsBeside) {
    const beside = selector.alternatives.flatMap((tokens) => partByPart(tokens, contexts, selector.xml, memory));
    return memory.sorted(beside).slice(0, limit);
  }
  const { plain } = selector;
  const scoped = scope === undefined || plain?.usesScope === false ? memory : memory.within(scope);
  const test = scope === undefined ? plain?.matches : plain?.matchesWithin;
  const found = test === undefined ? [] : collect(contexts, test, scoped, limit);
  if (selector.positional.length === 0) return found;
  const positional = selector.positional.map((tokens) => partByPart(tokens, contexts, selector.xml, memory));
  if (test === undefined && positional.length === 1) return positional[0]!.slice(0, limit);
  return memory.sorted([...found, ...positional.flat()]).slice(0, limit);
}

/** Those of the elements that match, in their order. */
export function filterElements(elements: readonly Element[], selector: CompiledSelector, memory: Memory): Element[] {
  const { plain, positional, xml } = selector;
  if (positional.length === 0) return plain === undefined ? [] : elements.filter((each) => plain.matches(each, memory));
  const byPosition = new Set(positional.flatMap((tokens) => filterByPosition(elements, tokens, xml, memory)));
  return elements.filter((each) => byPosition.has(each) || plain?.matches(each, memory));
}

function filterByPosition(
  elements: readonly Element[],
  tokens: readonly Selector[],
  xml: boolean,
  memory: Memory,
): readonly Element[] {
  if (!tokens.some(isTraversal)) return applyParts(elements, tokens, xml, memory);
  const among = new Set(elements);
  const roots = new Set(elements.map(rootOf));
  return [...roots].flatMap((root) => {
    const all = isTag(root) ? [root, ...everythingIn([root])] : everythingIn([root]);
    return applyParts(all, tokens, xml, memory).filter((each) => among.has(each));
  });
}

/** From the left, as positions and relations to siblings need it: each part works on all that the parts before it have found. */
function partByPart(tokens: readonly Selector[], contexts: Contexts, xml: boolean, memory: Memory): Element[] {
  const parts = isScope(tokens[0]) ? tokens.slice(1) : tokens;
  const isRelative = parts[0] !== undefined && isTraversal(parts[0]);
  if (isRelative) return applyParts(contexts.filter(isTag), parts, xml, memory);
  // What stands before the first position may also match outside of the contexts, as in any search.
  const place = parts.findIndex(isPositional);
  const before = place === -1 ? [] : parts.slice(0, place);
  if (!before.some(isTraversal)) return applyParts(everythingIn(contexts), parts, xml, memory);
  const start = findInside(contexts, compileAlternatives([before as Selector[]], xml), memory);
  return applyParts(start, parts.slice(place), xml, memory);
}

function applyParts(start: readonly Element[], tokens: readonly Selector[], xml: boolean, memory: Memory): Element[] {
  let found = [...start];
  for (const token of tokens) {
    if (isTraversal(token)) found = memory.sorted(STEPS[token.type](found));
    else if (isPositional(token)) found = atPositions(found, token, xml, memory);
    else {
      const test: Test = partTest(token, xml);
      found = found.filter((each) => test(each, memory));
    }
  }
  return found;
}

/** The elements to which a combinator leads from any of the given ones. */
const STEPS: Readonly<Record<TraversalType, (from: readonly Element[]) => Iterable<Element>>> = {
  [SelectorType.Descendant]: (from) => everythingIn(from),
  [SelectorType.Child]: (from) => from.flatMap(({ children }) => children.filter(isTag)),
  [SelectorType.Adjacent]: (from) => from.flatMap((each) => nextElement(each) ?? []),
  [SelectorType.Sibling]: followingSiblings,
  [SelectorType.Parent]: (from) => new Set(from.flatMap((each) => parentElement(each) ?? [])),
  [SelectorType.ColumnCombinator]: () => {
    throw new Error('the column combinator || is not supported');
  },
};

/** All element siblings that follow any of the elements, each once. */
function followingSiblings(from: readonly Element[]): Set<Element> {
  const found = new Set<Element>();
  for (const each of from) {
    // Whatever follows one that was found already was found with it.
    for (let next = nextElement(each); next !== null && !found.has(next); next = nextElement(next)) found.add(next);
  }
  return found;
}

function atPositions(found: readonly Element[], token: Selector, xml: boolean, memory: Memory): Element[] {
  if (token.type !== SelectorType.Pseudo) return [...found];
  const { name, data } = token;
  if (Array.isArray(data)) {
    const excluded = new Set(filterElements(found, compileAlternatives(data, xml), memory));
    return found.filter((each) => !excluded.has(each));
  }
  const place = Number.parseInt(data ?? '', 10);
  switch (name) {
    case 'first':
      return found.slice(0, 1);
    case 'last':
      return found.slice(-1);
    case 'even':
      return found.filter((_, at) => at % 2 === 0);
    case 'odd':
      return found.filter((_, at) => at % 2 === 1);
    case 'gt':
      return Number.isNaN(place) ? [] : found.slice(place + 1);
    case 'lt':
      return Number.isNaN(place) ? [] : found.slice(0, place);
    default: {
      const one = Number.isNaN(place) ? undefined : found.at(place);
      return one === undefined ? [] : [one];
    }
  }
}

/** All elements inside of the contexts, each once. */
export function everythingIn(contexts: Contexts): Element[] {
  return collect(contexts, () => true, new Memory(), Number.POSITIVE_INFINITY);
}

function collect(areas: Contexts, test: Test, memory: Memory, limit: number): Element[] {
  const found: Element[] = [];
  const outermost = areas.length < 2 ? areas : withoutInner(areas);
  for (const area of outermost) {
    if (hasChildren(area)) collectIn(area.children, test, memory, limit, found);
    if (found.length >= limit) break;
  }
  return found;
}

/** Goes through a list of nodes and all that is in them, without recursion. */
function collectIn(top: readonly ChildNode[], test: Test, memory: Memory, limit: number, found: Element[]): void {
  const lists: (readonly ChildNode[])[] = [];
  const places: number[] = [];
  let list = top;
  let place = 0;
  for (;;) {
    const node = list[place++];
    if (node === undefined) {
      if (lists.length === 0) return;
      list = lists.pop()!;
      place = places.pop()!;
    } else if (node.type !== 'text') {
      if (isTag(node) && test(node, memory)) {
        found.push(node);
        if (found.length >= limit) return;
      }
      // Not only elements: the content of a `template` stands in a document of its own.
      if (hasChildren(node) && node.children.length > 0) {
        lists.push(list);
        places.push(place);
        list = node.children;
        place = 0;
      }
    }
  }
}

/** Leaves out what is inside of another one, and repetitions. */
function withoutInner(areas: Contexts): Contexts {
  const all = new Set<unknown>(areas);
  const inner = new Map<unknown, boolean>();
  const isInside = (area: ChildNode | ParentNode): boolean => {
    const passed: unknown[] = [];
    let result = false;
    for (let at: ParentNode | null = area.parent; at !== null; at = at.parent) {
      const known = inner.get(at);
      if (known !== undefined || all.has(at)) {
        result = known ?? true;
        break;
      }
      passed.push(at);
    }
    for (const one of passed) inner.set(one, result);
    return result;
  };
  return [...new Set(areas)].filter((area) => !isInside(area));
}
