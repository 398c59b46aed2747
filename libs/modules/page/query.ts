/**
 * `$`: cheerio over a tree, with the searches of `select/` in place of its own. Cheerio's take the square of a page's size for many shapes:
 * a fragment without a common root, a long list of siblings, `map` over many elements. They are replaced where cheerio lets plug-ins in, at
 * `$.fn`, and give the same elements in the same order.
 */
import { createRequire } from 'node:module';
import { type CheerioAPI, load } from 'cheerio/slim';
import { type AnyNode, type Document, type Element, hasChildren, isDocument, isTag } from 'domhandler';
import { type CompiledSelector, compileSelector } from './select/compile.ts';
import { filterElements, findInside } from './select/find.ts';
import { Memory, siblingsOf } from './select/memory.ts';
import { nextElement, parentElement, previousElement } from './select/relations.ts';

export interface QueryOptions {
  /** Links are resolved against it. */
  readonly baseURI: string;
  readonly xml: boolean;
  /** Whether the tree was built by parse5, which then also renders it. */
  readonly spec: boolean;
}

/** The memory of a document; a change of the document begins a new one. */
export class DocumentMemory {
  #current = new Memory();

  get current(): Memory {
    return this.#current;
  }

  forget(): void {
    this.#current = new Memory();
  }
}

/**
 * The `$` of a document. Cheerio's `load` makes a class for each document, and V8 keeps what it knows of a class, with the whole document
 * behind it, until the heap is marked: the small collections then free next to nothing, and reading a page costs twice as much. Here all
 * documents of a kind share one class, and `$.fn` with it; a set knows its document by its root.
 */
export function queryOf(document: Document, memory: DocumentMemory, { baseURI, xml, spec }: QueryOptions): CheerioAPI {
  const base = sharedQuery(spec, xml);
  const own = { baseURI };
  const rootOf = (root: unknown): Root => {
    const { _root } = base(undefined, undefined, root as never, own) as unknown as Nodes;
    _root[MEMORY] = memory;
    return _root;
  };
  const everything = rootOf(document);
  const $: Query = (selector, context, root, options) =>
    base(
      selector as never,
      context as never,
      (root === undefined ? everything : rootOf(root)) as never,
      options === undefined ? own : { ...own, ...options },
    );
  return Object.assign(Object.setPrototypeOf($, base), { _root: document, _options: everything.options }) as CheerioAPI;
}

type Query = (selector?: unknown, context?: unknown, root?: unknown, options?: object) => ReturnType<CheerioAPI>;

const shared = new Map<string, CheerioAPI>();

/** The `$` of no document, whose class and static methods the documents of a kind share. */
function sharedQuery(spec: boolean, xml: boolean): CheerioAPI {
  const kind = `${spec} ${xml}`;
  let $ = shared.get(kind);
  if ($ === undefined) {
    $ = (spec ? loadBySpec() : load)('', { xml });
    Object.assign($.fn, METHODS, { _make: maker($) });
    shared.set(kind, $);
  }
  return $;
}

/** The full cheerio with parse5, loaded on first use: most programs never need it. */
function loadBySpec(): typeof load {
  return (createRequire(import.meta.url)('cheerio') as { load: typeof load }).load;
}

/** Makes a set that comes from another one, in its document. */
function maker($: CheerioAPI) {
  const Class = $.fn.constructor as new (elements: unknown, root: Root, options: Nodes['options']) => Nodes;
  return function (this: Nodes, wanted: unknown, context?: unknown): Nodes {
    const made = Array.isArray(wanted)
      ? new Class(wanted, this._root, this.options)
      : ($(wanted as never, context as never, this._root as never, this.options) as unknown as Nodes);
    made.prevObject = this;
    return made;
  };
}

const MEMORY = Symbol('memory');
/** The methods of every set of every document. */
const CHEERIO: unknown = Object.getPrototypeOf(load('').fn);

/** The set of a document alone, from which searches start. */
interface Root extends Nodes {
  [MEMORY]: DocumentMemory;
}

/** A set of cheerio, as the methods here use it: part of its public API, and what its methods share. */
interface Nodes extends ArrayLike<AnyNode> {
  _root: Root;
  readonly options: { readonly xmlMode?: boolean };
  prevObject: Nodes;
  toArray(): AnyNode[];
  filter(match: Match): Nodes;
  _make(elements: unknown, context?: unknown): Nodes;
  _findBySelector(selector: string, limit: number): Nodes;
}

type Predicate = (this: AnyNode, index: number, node: AnyNode) => unknown;
type Match = string | Predicate | AnyNode | Nodes | null | undefined;

const SEARCHES = {
  find(this: Nodes, wanted: string | AnyNode | Nodes | undefined): Nodes {
    if (!wanted) return this._make([]);
    if (typeof wanted === 'string') return this._findBySelector(wanted, Number.POSITIVE_INFINITY);
    const contexts = new Set<unknown>(this.toArray());
    return this._make(nodesOf(wanted).filter((node) => ancestorsOf(node).some((ancestor) => contexts.has(ancestor))));
  },

  _findBySelector(this: Nodes, selector: string, limit: number): Nodes {
    return this._make(findInside(this.toArray(), compiled(this, selector), memoryOf(this), limit));
  },

  filter(this: Nodes, match: Match): Nodes {
    return this._make(filtered(this, this.toArray(), match));
  },

  not(this: Nodes, match: Match): Nodes {
    const excluded = new Set(filtered(this, this.toArray(), match));
    return this._make(this.toArray().filter((node) => !excluded.has(node)));
  },

  is(this: Nodes, match: Match): boolean {
    if (!match) return false;
    if (typeof match !== 'string') return filtered(this, this.toArray(), match).length > 0;
    const selector = compiled(this, match);
    const memory = memoryOf(this);
    const elements = this.toArray().filter(isTag);
    if (selector.plain !== undefined && elements.some((each) => selector.plain!.matches(each, memory))) return true;
    return selector.positional.length > 0 && filterElements(elements, selector, memory).length > 0;
  },

  has(this: Nodes, wanted: string | AnyNode | Nodes | undefined): Nodes {
    if (!wanted) return this._make([]);
    if (typeof wanted === 'string') return this.filter(`:has(${wanted})`);
    const around = new Set<unknown>(nodesOf(wanted).flatMap(ancestorsOf));
    return this._make(this.toArray().filter((node) => around.has(node)));
  },

  closest(this: Nodes, match: Match): Nodes {
    if (!match) return this._make([]);
    const passes = predicateOf(this, match);
    const known = typeof match === 'string' ? memoryOf(this).nearest(compiled(this, match)) : new Map<Element, null>();
    const found = new Set<Element>();
    for (const node of this.toArray()) {
      const passed: Element[] = [];
      let result: Element | null = null;
      for (let at = isTag(node) ? node : elementAround(node); at !== null; at = parentElement(at)) {
        const answer = known.get(at);
        if (answer !== undefined || passes(at, 0)) {
          result = answer === undefined ? at : answer;
          passed.push(at);
          break;
        }
        passed.push(at);
      }
      for (const one of passed) known.set(one, result);
      if (result !== null) found.add(result);
    }
    return this._make([...found]);
  },

  parent(this: Nodes, match?: Match): Nodes {
    return related(this, unique(this, elementAround), match);
  },

  parents(this: Nodes, match?: Match): Nodes {
    return related(this, upwards(this, walked(this, elementAround)), match);
  },

  parentsUntil(this: Nodes, until?: Match, match?: Match): Nodes {
    return related(this, upwards(this, walked(this, elementAround, until)), match);
  },

  next(this: Nodes, match?: Match): Nodes {
    return related(this, each(this, nextOf), match);
  },

  nextAll(this: Nodes, match?: Match): Nodes {
    return related(this, walked(this, nextOf), match);
  },

  nextUntil(this: Nodes, until?: Match, match?: Match): Nodes {
    return related(this, walked(this, nextOf, until), match);
  },

  prev(this: Nodes, match?: Match): Nodes {
    return related(this, each(this, previousOf), match);
  },

  prevAll(this: Nodes, match?: Match): Nodes {
    return related(this, walked(this, previousOf), match);
  },

  prevUntil(this: Nodes, until?: Match, match?: Match): Nodes {
    return related(this, walked(this, previousOf, until), match);
  },

  siblings(this: Nodes, match?: Match): Nodes {
    const byFirst = new Map<AnyNode | null, Set<AnyNode>>();
    for (const node of this.toArray()) {
      const first = siblingsOf(node as Element)[0] ?? node;
      byFirst.set(first, (byFirst.get(first) ?? new Set()).add(node));
    }
    const found = [...byFirst].flatMap(([first, own]) =>
      // Each is a sibling of the others; only one that stands alone here is left out.
      siblingsOf(first as Element).filter((sibling) => isTag(sibling) && (own.size > 1 || !own.has(sibling))),
    );
    return related(this, this.length > 1 ? memoryOf(this).sorted(found) : found, match);
  },

  children(this: Nodes, match?: Match): Nodes {
    const found = new Set<AnyNode>();
    for (const node of this.toArray()) {
      if (hasChildren(node)) for (const child of node.children) if (isTag(child)) found.add(child);
    }
    return related(this, [...found], match);
  },

  contents(this: Nodes): Nodes {
    const found: AnyNode[] = [];
    for (const node of this.toArray()) if (hasChildren(node)) for (const child of node.children) found.push(child);
    return this._make(found);
  },

  map(this: Nodes, mapOne: (this: AnyNode, index: number, node: AnyNode) => unknown): Nodes {
    const values: unknown[] = [];
    for (let at = 0; at < this.length; at++) {
      const node = this[at]!;
      const value = mapOne.call(node, at, node);
      if (Array.isArray(value)) for (const one of value) values.push(one);
      else if (value !== null && value !== undefined) values.push(value);
    }
    return this._make(values);
  },

  add(this: Nodes, other: unknown, context?: unknown): Nodes {
    const all = this.toArray();
    for (const node of this._make(other, context).toArray()) all.push(node);
    return this._make(memoryOf(this).sorted(all));
  },

  index(this: Nodes, wanted?: string | AnyNode | Nodes): number {
    const first = this[0];
    if (typeof wanted === 'string') return this._make(wanted).toArray().indexOf(first!);
    if (wanted) return this.toArray().indexOf(nodesOf(wanted)[0]!);
    return first !== undefined && isTag(first) && parentElement(first) !== null
      ? memoryOf(this).position(first).index
      : -1;
  },

  remove(this: Nodes, match?: Match): Nodes {
    const removed = new Set<AnyNode>(match ? filtered(this, this.toArray(), match) : this.toArray());
    const parents = new Set([...removed].map(({ parent }) => parent));
    for (const node of removed) {
      if (node.prev !== null) node.prev.next = node.next;
      if (node.next !== null) node.next.prev = node.prev;
    }
    for (const parent of parents) {
      if (parent !== null) parent.children = parent.children.filter((child) => !removed.has(child));
    }
    for (const node of removed) node.prev = node.next = node.parent = null;
    this._root[MEMORY].forget();
    return this;
  },
};

/** Methods that change the document, at least with the second number of arguments; what was found out before is then void. */
const CHANGES: Readonly<Record<string, number>> = {
  ...{ append: 0, appendTo: 0, prepend: 0, prependTo: 0, after: 0, insertAfter: 0, before: 0, insertBefore: 0 },
  ...{ wrap: 0, wrapInner: 0, wrapAll: 0, unwrap: 0, replaceWith: 0, empty: 0 },
  ...{ addClass: 0, removeClass: 0, toggleClass: 0, removeAttr: 0 },
  ...{ text: 1, html: 1, val: 1, attr: 2, prop: 2, css: 2 },
};

type Method = (this: Nodes, ...args: unknown[]) => unknown;

const METHODS: Readonly<Record<string, unknown>> = {
  ...SEARCHES,
  ...Object.fromEntries(Object.entries(CHANGES).map(([name, least]) => [name, forgetting(name, least)])),
};

/** The method of cheerio, which forgets what was found out if it changes the document. */
function forgetting(name: string, least: number): Method {
  const original = (CHEERIO as Record<string, Method>)[name]!;
  return function (this: Nodes, ...args: unknown[]): unknown {
    const changes = args.length >= least || (typeof args[0] === 'object' && args[0] !== null);
    const result = original.apply(this, args);
    if (changes) this._root[MEMORY].forget();
    return result;
  };
}

function memoryOf(nodes: Nodes): Memory {
  return nodes._root[MEMORY].current;
}

function compiled(nodes: Nodes, selector: string): CompiledSelector {
  return compileSelector(selector, nodes.options.xmlMode === true);
}

function nodesOf(one: AnyNode | Nodes): AnyNode[] {
  return 'toArray' in one ? one.toArray() : [one];
}

function filtered(nodes: Nodes, among: readonly AnyNode[], match: Match): AnyNode[] {
  if (typeof match === 'string') return filterElements(among.filter(isTag), compiled(nodes, match), memoryOf(nodes));
  const passes = predicateOf(nodes, match);
  return among.filter((node, at) => passes(node, at));
}

function predicateOf(nodes: Nodes, match: Match): (node: AnyNode, at: number) => unknown {
  if (typeof match === 'function') return (node, at) => match.call(node, at, node);
  if (typeof match === 'string') {
    const selector = compiled(nodes, match);
    const memory = memoryOf(nodes);
    const { plain } = selector;
    if (plain !== undefined && selector.positional.length === 0)
      return (node) => isTag(node) && plain.matches(node, memory);
    return (node) => isTag(node) && filterElements([node], selector, memory).length > 0;
  }
  const wanted = new Set<unknown>(match === null || match === undefined ? [] : nodesOf(match));
  return (node) => wanted.has(node);
}

/** A set of what was found, of which only what matches is kept. */
function related(nodes: Nodes, found: readonly AnyNode[], match: Match): Nodes {
  return nodes._make(match ? filtered(nodes, found, match) : found);
}

function each(nodes: Nodes, step: (node: AnyNode) => Element | null): Element[] {
  return nodes.toArray().flatMap((node) => step(node) ?? []);
}

function unique(nodes: Nodes, step: (node: AnyNode) => Element | null): Element[] {
  return [...new Set(each(nodes, step))];
}

/** All that steps lead to from any of the nodes, each once, up to the one that `until` names. */
function walked(nodes: Nodes, step: (node: AnyNode) => Element | null, until?: Match): Element[] {
  const ends = until ? predicateOf(nodes, until) : () => false;
  const found = new Set<Element>();
  for (const node of nodes.toArray()) {
    for (let at = step(node); at !== null && !found.has(at) && !ends(at, found.size); at = step(at)) found.add(at);
  }
  return [...found];
}

/** Of one node: from the inside to the outside. Of several: against the order of the document. */
function upwards(nodes: Nodes, found: readonly Element[]): Element[] {
  return nodes.length > 1 ? memoryOf(nodes).sorted(found).reverse() : [...found];
}

function elementAround(node: AnyNode): Element | null {
  const { parent } = node;
  return parent !== null && !isDocument(parent) ? (parent as Element) : null;
}

function ancestorsOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (let at = node.parent; at !== null; at = at.parent) found.push(at);
  return found;
}

function nextOf(node: AnyNode): Element | null {
  return nextElement(node as Element);
}

function previousOf(node: AnyNode): Element | null {
  return previousElement(node as Element);
}
