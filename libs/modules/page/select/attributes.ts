/** Attribute selectors, classes and ids among them. */
import { AttributeAction, type AttributeSelector } from 'css-what';
import type { Element } from 'domhandler';
import type { Test } from './relations.ts';

/** Attributes whose values HTML compares without regard to case: https://html.spec.whatwg.org/multipage/semantics-other.html#case-sensitivity-of-selectors */
const CASELESS: ReadonlySet<string> = new Set(
  `accept accept-charset align alink axis bgcolor charset checked clear codetype color compact declare defer dir direction disabled
  enctype face frame hreflang http-equiv lang language link media method multiple nohref noresize noshade nowrap readonly rel rev
  rules scope scrolling selected shape target text type valign valuetype vlink`.split(/\s+/),
);

export function attributeTest(selector: AttributeSelector, xml: boolean): Test {
  if (selector.namespace !== null) throw new Error('attributes with a namespace are not supported');
  const name = xml ? selector.name : selector.name.toLowerCase();
  const { action } = selector;
  if (action === AttributeAction.Exists) return (element) => attributeOf(element, name) !== undefined;
  if (isCaseless(selector, name, xml)) {
    const holds = HOLDS[action](selector.value.toLowerCase());
    return (element) => holds(attributeOf(element, name)?.toLowerCase());
  }
  const holds = HOLDS[action](selector.value);
  return (element) => holds(attributeOf(element, name));
}

/** The value of an attribute; undefined if the element does not have it. */
export function attributeOf(element: Element, name: string): string | undefined {
  const value: unknown = element.attribs[name];
  // Not a string: a property that every object has.
  return typeof value === 'string' ? value : undefined;
}

function isCaseless({ ignoreCase }: AttributeSelector, name: string, xml: boolean): boolean {
  if (typeof ignoreCase === 'boolean') return ignoreCase;
  return ignoreCase !== 'quirks' && !xml && CASELESS.has(name);
}

type Holds = (value: string | undefined) => boolean;

const NEVER: Holds = () => false;

const HOLDS: Readonly<Record<Exclude<AttributeAction, AttributeAction.Exists>, (wanted: string) => Holds>> = {
  [AttributeAction.Equals]: (wanted) => (value) => value === wanted,
  [AttributeAction.Not]: (wanted) =>
    wanted === '' ? (value) => value !== undefined && value !== '' : (value) => value !== wanted,
  [AttributeAction.Start]: (wanted) => (wanted === '' ? NEVER : (value) => value?.startsWith(wanted) ?? false),
  [AttributeAction.End]: (wanted) => (wanted === '' ? NEVER : (value) => value?.endsWith(wanted) ?? false),
  [AttributeAction.Any]: (wanted) => (wanted === '' ? NEVER : (value) => value?.includes(wanted) ?? false),
  [AttributeAction.Hyphen]: (wanted) => (value) =>
    value !== undefined && (value === wanted || value.startsWith(`${wanted}-`)),
  [AttributeAction.Element]: (wanted) =>
    wanted === '' || /\s/.test(wanted) ? NEVER : (value) => value !== undefined && hasWord(value, wanted),
};

/** Whether a list of words with white space between them has a word. */
export function hasWord(list: string, word: string): boolean {
  if (list === word) return true;
  if (list.length <= word.length) return false;
  for (let at = list.indexOf(word); at !== -1; at = list.indexOf(word, at + 1)) {
    if (isBreak(list, at - 1) && isBreak(list, at + word.length)) return true;
  }
  return false;
}

function isBreak(list: string, at: number): boolean {
  return at < 0 || at >= list.length || list.charCodeAt(at) <= 32;
}
