/** Pseudo-classes, those of CSS and those that cheerio adds. */
import { aliases } from 'css-select';
import { isTraversal, type PseudoSelector, parse, type Selector, SelectorType } from 'css-what';
import { isTag, isText } from 'domhandler';
import nthCheck from 'nth-check';
import type { Position } from './memory.ts';
import { followed, nextElement, parentElement, previousElement, type Test } from './relations.ts';

/** What pseudo-classes need of the rest: tests of whole selectors, and of a part between two combinators. */
export interface Compiler {
  anyOf(alternatives: readonly (readonly Selector[])[]): Test;
  compound(selectors: readonly Selector[]): Test;
}

export function pseudoTest({ name, data }: PseudoSelector, compiler: Compiler): Test {
  if (Array.isArray(data)) return withSelectors(name, data, compiler);
  const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (alias !== undefined) {
    if (data !== null) throw new Error(`:${name} takes no argument`);
    return compiler.anyOf(parse(alias));
  }
  if (data === null) {
    const test = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
    if (test === undefined) throw new Error(`there is no pseudo-class :${name}, or it needs an argument`);
    return test;
  }
  if (name === 'contains') return (element, memory) => memory.hasText(element, data, false);
  if (name === 'icontains') return (element, memory) => memory.hasText(element, data, true);
  const counted = Object.hasOwn(COUNTED, name) ? COUNTED[name] : undefined;
  if (counted === undefined) throw new Error(`there is no pseudo-class :${name}() with an argument`);
  const isWanted = nthCheck(data);
  return (element, memory) => isWanted(memory.position(element)[counted]);
}

function withSelectors(name: string, data: Selector[][], compiler: Compiler): Test {
  switch (name) {
    case 'is':
    case 'matches':
    case 'where':
      return compiler.anyOf(data);
    case 'not': {
      const test = compiler.anyOf(data);
      return (element, memory) => !test(element, memory);
    }
    case 'has': {
      const tests = data.map((selector) => hasTest(selector, compiler));
      return (element, memory) => tests.some((test) => test(element, memory));
    }
    default:
      throw new Error(`there is no pseudo-class :${name}() with selectors`);
  }
}

/** From the element outwards, part by part: each part passes if it is one itself and the next part stands behind it. */
function hasTest(selector: readonly Selector[], compiler: Compiler): Test {
  const tokens = isScope(selector[0]) ? selector.slice(1) : [...selector];
  if (tokens[0] === undefined || !isTraversal(tokens[0])) tokens.unshift({ type: SelectorType.Descendant });
  let rest: Test | undefined;
  let end = tokens.length;
  for (let at = tokens.length - 1; at >= 0; at--) {
    const token = tokens[at]!;
    if (!isTraversal(token)) continue;
    const part = compiler.compound(tokens.slice(at + 1, end));
    const following = rest;
    const whole: Test =
      following === undefined ? part : (element, memory) => part(element, memory) && following(element, memory);
    rest = followed(token.type, whole);
    end = at;
  }
  return rest!;
}

export function isScope(selector: Selector | undefined): boolean {
  return selector?.type === SelectorType.Pseudo && selector.name === 'scope';
}

const isRoot: Test = (element) => parentElement(element) === null;
const never: Test = () => false;

const PLAIN: Readonly<Record<string, Test>> = {
  root: isRoot,
  scope: (element, memory) => memory.scope?.has(element) ?? isRoot(element, memory),
  empty: (element) => element.children.every((child) => !isTag(child) && !(isText(child) && child.data !== '')),
  'first-child': (element) => previousElement(element) === null,
  'last-child': (element) => nextElement(element) === null,
  'only-child': (element) => previousElement(element) === null && nextElement(element) === null,
  'first-of-type': (element, memory) => memory.position(element).indexOfType === 0,
  'last-of-type': (element, memory) => memory.position(element).indexOfTypeFromEnd === 0,
  'only-of-type': (element, memory) => {
    const { indexOfType, indexOfTypeFromEnd } = memory.position(element);
    return indexOfType === 0 && indexOfTypeFromEnd === 0;
  },
  // Nobody looks at a page here.
  hover: never,
  visited: never,
  active: never,
};

const COUNTED: Readonly<Record<string, keyof Position>> = {
  'nth-child': 'index',
  'nth-last-child': 'indexFromEnd',
  'nth-of-type': 'indexOfType',
  'nth-last-of-type': 'indexOfTypeFromEnd',
};
