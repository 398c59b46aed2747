/**
 * What selection has found out about a tree, so that nothing is found out twice: that is what keeps selectors linear. It holds as long
 * as the tree is unchanged.
 */
import { type ChildNode, type Element, hasChildren, isCDATA, isTag, isText, type ParentNode } from 'domhandler';

/** Where an element stands among its element siblings, counted from 0, from both ends, among all and among those of its name. */
export interface Position {
  readonly index: number;
  readonly indexFromEnd: number;
  readonly indexOfType: number;
  readonly indexOfTypeFromEnd: number;
}

/** The text of a tree in one piece; an element's own is a part of it. */
interface TextIndex {
  readonly text: string;
  readonly spans: ReadonlyMap<Element, readonly [start: number, end: number]>;
  /** By text, lower-cased or not: where it occurs. */
  readonly occurrences: Map<string, readonly number[]>;
  lowered: string | undefined;
}

/** A key of what a relation of a compiled selector has found out. */
export type Relation = object;

export class Memory {
  /** The elements that a selector is relative to, if it is. */
  readonly scope: ReadonlySet<unknown> | undefined;
  readonly #known = new Map<Relation, Map<Element, boolean>>();
  readonly #nearest = new Map<Relation, Map<Element, Element | null>>();
  readonly #positions: Map<Element, Position>;
  readonly #order: Map<ParentNode | ChildNode, Map<unknown, number>>;
  readonly #texts: Map<Element, TextIndex>;

  constructor(scope?: ReadonlySet<unknown>, shared?: Memory) {
    this.scope = scope;
    this.#positions = shared === undefined ? new Map() : shared.#positions;
    this.#order = shared === undefined ? new Map() : shared.#order;
    this.#texts = shared === undefined ? new Map() : shared.#texts;
  }

  /** For one query that is relative to some elements: what depends on them is not kept. */
  within(scope: ReadonlySet<unknown>): Memory {
    return new Memory(scope, this);
  }

  known(relation: Relation): Map<Element, boolean> {
    let known = this.#known.get(relation);
    if (known === undefined) {
      known = new Map();
      this.#known.set(relation, known);
    }
    return known;
  }

  /** By element: the nearest of itself and its ancestors that a selector matches. */
  nearest(relation: Relation): Map<Element, Element | null> {
    let nearest = this.#nearest.get(relation);
    if (nearest === undefined) {
      nearest = new Map();
      this.#nearest.set(relation, nearest);
    }
    return nearest;
  }

  position(element: Element): Position {
    const known = this.#positions.get(element);
    if (known !== undefined) return known;
    const siblings = siblingsOf(element).filter(isTag);
    const ofType = new Map<string, number>();
    const counts = new Map<string, number>();
    for (const { name } of siblings) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const [index, sibling] of siblings.entries()) {
      const indexOfType = ofType.get(sibling.name) ?? 0;
      ofType.set(sibling.name, indexOfType + 1);
      this.#positions.set(sibling, {
        index,
        indexFromEnd: siblings.length - 1 - index,
        indexOfType,
        indexOfTypeFromEnd: counts.get(sibling.name)! - 1 - indexOfType,
      });
    }
    return this.#positions.get(element)!;
  }

  /** Sorts nodes by their place in the document, each once; nodes of several trees stay together. */
  sorted<Node extends ChildNode | ParentNode>(nodes: Iterable<Node>): Node[] {
    const unique = [...new Set(nodes)];
    if (unique.length < 2) return unique;
    const places = new Map<Node, readonly [tree: number, place: number]>();
    const trees = new Map<unknown, number>();
    for (const node of unique) {
      const root = rootOf(node);
      if (!trees.has(root)) trees.set(root, trees.size);
      places.set(node, [trees.get(root)!, this.#placesIn(root).get(node) ?? 0]);
    }
    return unique.sort((one, other) => {
      const [a, b] = [places.get(one)!, places.get(other)!];
      return a[0] - b[0] || a[1] - b[1];
    });
  }

  /** Whether the text of an element, with `br` as a line break, has a part. */
  hasText(element: Element, part: string, ignoreCase: boolean): boolean {
    const index = this.#textIndexOf(element);
    const [start, end] = index.spans.get(element)!;
    if (part.length > end - start) return false;
    if (part === '') return true;
    const found = occurrencesOf(index, part, ignoreCase);
    const first = found[lowerBound(found, start)];
    return first !== undefined && first + part.length <= end;
  }

  #placesIn(root: ChildNode | ParentNode): Map<unknown, number> {
    let places = this.#order.get(root);
    if (places === undefined) {
      places = new Map();
      const numbered = places;
      walk(root, (node) => {
        numbered.set(node, numbered.size);
      });
      this.#order.set(root, places);
    }
    return places;
  }

  #textIndexOf(element: Element): TextIndex {
    const known = this.#texts.get(element);
    if (known !== undefined) return known;
    let top = element;
    for (let at = element.parent; at !== null && isTag(at); at = at.parent) top = at;
    const index = textIndex(top);
    for (const inside of index.spans.keys()) this.#texts.set(inside, index);
    return index;
  }
}

/** The siblings of a node, itself included, in their order. */
export function siblingsOf(node: ChildNode): readonly ChildNode[] {
  if (node.parent !== null) return node.parent.children;
  let first = node;
  while (first.prev !== null) first = first.prev;
  const siblings: ChildNode[] = [];
  for (let at: ChildNode | null = first; at !== null; at = at.next) siblings.push(at);
  return siblings;
}

export function rootOf(node: ChildNode | ParentNode): ChildNode | ParentNode {
  let root = node;
  while (root.parent !== null) root = root.parent;
  return root;
}

/** Visits a node and everything in it, in the order of the document, without recursion. */
export function walk(root: ChildNode | ParentNode, visit: (node: ChildNode | ParentNode) => void): void {
  visit(root);
  if (!hasChildren(root)) return;
  const lists: (readonly ChildNode[])[] = [root.children];
  const places = [0];
  while (lists.length > 0) {
    const depth = lists.length - 1;
    const node = lists[depth]![places[depth]!++];
    if (node === undefined) {
      lists.pop();
      places.pop();
      continue;
    }
    visit(node);
    if (hasChildren(node) && node.children.length > 0) {
      lists.push(node.children);
      places.push(0);
    }
  }
}

function textIndex(top: Element): TextIndex {
  const parts: string[] = [];
  const spans = new Map<Element, readonly [number, number]>();
  let length = 0;
  const visit = (node: ChildNode): void => {
    if (isText(node)) {
      parts.push(node.data);
      length += node.data.length;
    } else if (isTag(node)) {
      const start = length;
      if (node.name === 'br' && node.children.length === 0) {
        parts.push('\n');
        length += 1;
      }
      for (const child of node.children) visit(child);
      spans.set(node, [start, length]);
    } else if (isCDATA(node)) for (const child of node.children) visit(child);
  };
  visit(top);
  return { text: parts.join(''), spans, occurrences: new Map(), lowered: undefined };
}

function occurrencesOf(index: TextIndex, part: string, ignoreCase: boolean): readonly number[] {
  const key = `${ignoreCase ? 'i' : 's'}${part}`;
  const known = index.occurrences.get(key);
  if (known !== undefined) return known;
  if (ignoreCase) index.lowered ??= lowerCase(index.text);
  const text = ignoreCase ? index.lowered! : index.text;
  const wanted = ignoreCase ? lowerCase(part) : part;
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) found.push(at);
  index.occurrences.set(key, found);
  return found;
}

/** Lower case of the same length, so that places stay what they are. */
function lowerCase(text: string): string {
  const lowered = text.toLowerCase();
  return lowered.length === text.length ? lowered : text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The first place in an ascending list whose value is at least `least`. */
function lowerBound(values: readonly number[], least: number): number {
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle]! < least) from = middle + 1;
    else to = middle;
  }
  return from;
}
