/** Compiles CSS selectors to tests of elements. Parsing them is css-what's work. */
import { AttributeAction, isTraversal, parse, type Selector, SelectorType } from 'css-what';
import { attributeTest } from './attributes.ts';
import { type Compiler, isScope, pseudoTest } from './pseudo-classes.ts';
import { parentElement, preceded, selfOrOnTheWay, type Test } from './relations.ts';

/** A selector without jQuery's positions (`:first`, `:eq(2)`), which are not a matter of one element. */
export interface PlainSelector {
  /** Whether an element matches. */
  readonly matches: Test;
  /** Whether an element inside the scope matches, with everything that the selector names being in the scope too. */
  readonly matchesWithin: Test;
  /** Whether the outcome depends on the scope: then what was found out about one does not hold for another. */
  readonly usesScope: boolean;
  /** What one of its elements must have at least; undefined if nothing simple is known. */
  readonly hint: SelectorHint | undefined;
}

/** A name that every match has: its tag, or one of its classes. */
export interface SelectorHint {
  readonly kind: 'tag' | 'class';
  readonly name: string;
}

export interface CompiledSelector {
  readonly xml: boolean;
  /** All alternatives without positions, as one; undefined if there are none. */
  readonly plain: PlainSelector | undefined;
  /** Whether it asks for elements beside the scope: `+ li`, `:scope ~ li`. */
  readonly startsBeside: boolean;
  /** All alternatives, as they were parsed, and those of them with positions. */
  readonly alternatives: readonly (readonly Selector[])[];
  readonly positional: readonly (readonly Selector[])[];
}

/** Selectors come from code, so they are few; a program that makes them at run time empties the cache at this size. */
const MAX_KEPT = 2_000;
const kept = new Map<string, CompiledSelector>();

/** The compiled selector, from the cache if it was compiled before. Throws an Error that says what is wrong with it. */
export function compileSelector(text: string, xml = false): CompiledSelector {
  const key = xml ? `x${text}` : `h${text}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const compiled = compileAlternatives(parse(text), xml);
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(key, compiled);
  return compiled;
}

/** Alternatives that were parsed already: those inside of `:not(:first)`. */
export function compileAlternatives(alternatives: readonly (readonly Selector[])[], xml: boolean): CompiledSelector {
  const plain = alternatives.filter((selector) => !selector.some(isPositional));
  return {
    xml,
    plain: plain.length === 0 ? undefined : plainSelector(plain, xml),
    alternatives,
    startsBeside: alternatives.some(([first, second]) => isBeside(isScope(first) ? second : first)),
    positional: alternatives.filter((selector) => selector.some(isPositional)),
  };
}

function isBeside(selector: Selector | undefined): boolean {
  return selector?.type === SelectorType.Adjacent || selector?.type === SelectorType.Sibling;
}

const POSITIONS: ReadonlySet<string> = new Set(['first', 'last', 'eq', 'nth', 'gt', 'lt', 'even', 'odd']);

/** Whether a selector depends on the place in what was found before it, as jQuery's `:first` and `:not(:first)` do. */
export function isPositional(selector: Selector): boolean {
  if (selector.type !== SelectorType.Pseudo) return false;
  if (POSITIONS.has(selector.name)) return true;
  return (
    selector.name === 'not' && Array.isArray(selector.data) && selector.data.some((inner) => inner.some(isPositional))
  );
}

function plainSelector(alternatives: readonly (readonly Selector[])[], xml: boolean): PlainSelector {
  const compiler = new TestCompiler(xml);
  const matches = compiler.anyOf(alternatives);
  const isSimple = alternatives.every((selector) => !selector.some((part) => isTraversal(part) || namesScope(part)));
  return {
    matches,
    matchesWithin: isSimple
      ? matches
      : anyTest(alternatives.map((selector) => compiler.chain(selector, isWithinScope()))),
    usesScope: !isSimple,
    hint: alternatives.length === 1 ? hintOf(alternatives[0]!, xml) : undefined,
  };
}

/** The test of one part of a selector, for those who go through a selector part by part. */
export function partTest(part: Selector, xml: boolean): Test {
  return new TestCompiler(xml).compound([part]);
}

class TestCompiler implements Compiler {
  readonly #xml: boolean;

  constructor(xml: boolean) {
    this.#xml = xml;
  }

  anyOf(alternatives: readonly (readonly Selector[])[]): Test {
    return anyTest(alternatives.map((selector) => this.chain(selector, undefined)));
  }

  /** A whole selector, tested from its last part back to its first, for which `outermost` must hold as well. */
  chain(selector: readonly Selector[], outermost: Test | undefined): Test {
    const isRelative = selector[0] !== undefined && isTraversal(selector[0]);
    const tokens = isRelative ? [SCOPE, ...selector] : selector;
    let left = tokens.some(namesScope) ? undefined : outermost;
    let start = 0;
    for (const [at, token] of tokens.entries()) {
      if (!isTraversal(token)) continue;
      left = preceded(token.type, this.compound(tokens.slice(start, at), left));
      start = at + 1;
    }
    return this.compound(tokens.slice(start), left);
  }

  /** What stands between two combinators: all of it must hold, the cheap tests first. */
  compound(selectors: readonly Selector[], last?: Test): Test {
    const ordered = selectors.toSorted((one, other) => costOf(one) - costOf(other));
    const tests = ordered.flatMap((selector) => this.#simple(selector) ?? []);
    if (last !== undefined) tests.push(last);
    const [first, second] = tests;
    if (first === undefined) return () => true;
    if (second === undefined) return first;
    if (tests.length === 2) return (element, memory) => first(element, memory) && second(element, memory);
    return (element, memory) => tests.every((test) => test(element, memory));
  }

  /** Undefined for what holds of every element. */
  #simple(selector: Selector): Test | undefined {
    switch (selector.type) {
      case SelectorType.Universal:
        if (selector.namespace !== null && selector.namespace !== '*') throw new Error('namespaces are not supported');
        return undefined;
      case SelectorType.Tag: {
        if (selector.namespace !== null) throw new Error('tags with a namespace are not supported');
        const name = this.#xml ? selector.name : selector.name.toLowerCase();
        return (element) => element.name === name;
      }
      case SelectorType.Attribute:
        return attributeTest(selector, this.#xml);
      case SelectorType.Pseudo:
        if (POSITIONS.has(selector.name))
          throw new Error(`:${selector.name} is not supported inside of another selector`);
        return pseudoTest(selector, this);
      case SelectorType.PseudoElement:
        throw new Error(`pseudo-elements such as ::${selector.name} are not supported`);
      default:
        throw new Error('two combinators follow each other');
    }
  }
}

const SCOPE: Selector = { type: SelectorType.Pseudo, name: 'scope', data: null };

function namesScope(selector: Selector): boolean {
  if (selector.type !== SelectorType.Pseudo) return false;
  if (isScope(selector)) return true;
  return Array.isArray(selector.data) && selector.data.some((inner) => inner.some(namesScope));
}

/** Whether an element is in the scope, or is part of it. */
function isWithinScope(): Test {
  const relation = {};
  const inScope: Test = (element, memory) => memory.scope?.has(element) ?? true;
  return (element, memory) => selfOrOnTheWay(element, parentElement, inScope, memory, relation);
}

function anyTest(tests: readonly Test[]): Test {
  const [first, ...others] = tests;
  if (first === undefined) return () => false;
  if (others.length === 0) return first;
  return (element, memory) => tests.some((test) => test(element, memory));
}

function costOf(selector: Selector): number {
  if (selector.type !== SelectorType.Pseudo) return 0;
  return selector.data === null ? 1 : Array.isArray(selector.data) ? 3 : 2;
}

function hintOf(selector: readonly Selector[], xml: boolean): SelectorHint | undefined {
  const from = selector.findLastIndex(isTraversal) + 1;
  let tag: SelectorHint | undefined;
  for (const part of selector.slice(from)) {
    if (part.type === SelectorType.Tag) tag = { kind: 'tag', name: xml ? part.name : part.name.toLowerCase() };
    const isClass =
      part.type === SelectorType.Attribute && part.name === 'class' && part.action === AttributeAction.Element;
    if (isClass && part.ignoreCase !== true && !/\s/.test(part.value)) return { kind: 'class', name: part.value };
  }
  return tag;
}
