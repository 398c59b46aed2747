/** `page.extract`: all fields of a place are found in one pass over its elements. */
import { type Document, type Element, hasChildren, isTag, type ParentNode } from 'domhandler';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Field, FieldFill, Fields, ReadingPlace } from '../contract/reading.ts';
import { type CompiledField, compileFields, type FieldGroup, oneOf } from './fields.ts';
import { attributeOf } from './select/attributes.ts';
import { findInside } from './select/find.ts';
import type { Memory } from './select/memory.ts';

/** How often fields were looked for and found on a page, over all its extractions. */
export class Fills {
  readonly #counts = new Map<string, { asked: number; found: number }>();

  count(field: string, found: boolean): void {
    const counts = this.#counts.get(field);
    if (counts === undefined) this.#counts.set(field, { asked: 1, found: found ? 1 : 0 });
    else {
      counts.asked += 1;
      if (found) counts.found += 1;
    }
  }

  get all(): FieldFill[] {
    return [...this.#counts].map(([field, counts]) => ({ field, ...counts }));
  }
}

/** The page that is read. */
export interface ExtractedPage extends ReadingPlace {
  readonly document: Document;
  readonly xml: boolean;
  readonly memory: Memory;
  readonly fills: Fills;
}

/** Throws `module.wrong_fields`, `parse.missing_fields` and `parse.wrong_field`; see `Reading.extract`. */
export function extract(page: ExtractedPage, fields: Fields): Record<string, unknown> {
  const missing: string[] = [];
  const values = readGroup(page, compileFields(fields, page.xml), fields, page.document, '', missing);
  if (missing.length > 0) throw missingFields(page, missing);
  return values;
}

const MAX_NAMED = 20;
const EXCERPT_CHARS = 60;

type Matches = (Element[] | undefined)[];

function readGroup(
  page: ExtractedPage,
  group: FieldGroup,
  declared: Fields,
  place: ParentNode,
  around: string,
  missing: string[],
): Record<string, unknown> {
  const matches = matchesOf(page, group, place);
  const values: Record<string, unknown> = {};
  for (const field of group.fields) {
    const value = readField(page, field, declared[field.name]!, matches[field.at], around, missing);
    if (value !== undefined) define(values, field.name, value);
  }
  return values;
}

function readField(
  page: ExtractedPage,
  field: CompiledField,
  declared: Field,
  elements: readonly Element[] | undefined,
  around: string,
  missing: string[],
): unknown {
  const one = oneOf(declared);
  const path = around === '' ? field.name : `${around}.${field.name}`;
  if (field.isList) {
    const values: unknown[] = [];
    for (const element of elements ?? []) {
      const value = valueIn(page, field, one, element, `${path}[${values.length}]`, missing);
      if (value !== undefined) values.push(value);
    }
    page.fills.count(field.path, values.length > 0);
    return values;
  }
  const [element] = elements ?? [];
  const value = element === undefined ? undefined : valueIn(page, field, one, element, path, missing);
  page.fills.count(field.path, value !== undefined);
  if (value !== undefined) return value;
  if (!field.isOptional) missing.push(path);
  return one.default;
}

/** Undefined for an element that does not have the attribute. */
function valueIn(
  page: ExtractedPage,
  field: CompiledField,
  declared: ReturnType<typeof oneOf>,
  element: Element,
  path: string,
  missing: string[],
): unknown {
  if (field.inner !== undefined) return readGroup(page, field.inner, declared.fields!, element, path, missing);
  const written = field.attr === undefined ? textOf(element) : attributeOf(element, field.attr);
  if (written === undefined) return undefined;
  const text = field.isRaw || field.attr !== undefined ? written : collapsed(written);
  if (declared.as === undefined) return text;
  try {
    return declared.as(text, page);
  } catch (thrown) {
    throw wrongValue(page, path, text, thrown);
  }
}

/** The elements of each field of a group: the first, or for a list all. */
function matchesOf(page: ExtractedPage, group: FieldGroup, place: ParentNode): Matches {
  const matches: Matches = new Array(group.fields.length);
  const isScoped = place !== page.document;
  const { memory } = page;
  for (const { at, selector, isList } of group.apart) {
    if (selector !== undefined) matches[at] = findInside([place], selector, memory, isList ? undefined : 1);
    else if (isTag(place)) matches[at] = [place];
  }
  if (group.singles === 0) return matches;
  const scoped = isScoped && group.usesScope ? memory.within(new Set([place])) : memory;
  new Sweep(group, matches, scoped, isScoped).through(place);
  return matches;
}

/** One pass over the elements of a place. */
class Sweep {
  readonly #group: FieldGroup;
  readonly #matches: Matches;
  readonly #memory: Memory;
  readonly #isScoped: boolean;
  /** Fields that still look for their first match; never 0 if one needs all matches. */
  #open: number;

  constructor(group: FieldGroup, matches: Matches, memory: Memory, isScoped: boolean) {
    this.#group = group;
    this.#matches = matches;
    this.#memory = memory;
    this.#isScoped = isScoped;
    this.#open = group.singles ?? Number.POSITIVE_INFINITY;
  }

  /** Depth is limited by the tree. */
  through(place: ParentNode): void {
    for (const node of place.children) {
      if (isTag(node)) this.#meet(node);
      if (this.#open === 0) return;
      if (node.type !== 'text' && hasChildren(node) && node.children.length > 0) {
        this.through(node);
        if (this.#open === 0) return;
      }
    }
  }

  #meet(element: Element): void {
    const { byTag, byClass, others } = this.#group;
    if (byTag.size > 0) this.#tryAll(byTag.get(element.name), element);
    const classes = element.attribs.class;
    if (classes !== undefined && byClass.size > 0) {
      if (!/\s/.test(classes)) this.#tryAll(byClass.get(classes), element);
      else for (const name of new Set(classes.split(/\s+/))) this.#tryAll(byClass.get(name), element);
    }
    if (others.length > 0) this.#tryAll(others, element);
  }

  #tryAll(fields: readonly CompiledField[] | undefined, element: Element): void {
    if (fields === undefined) return;
    for (const { at, selector, isList } of fields) {
      const found = this.#matches[at];
      if (found !== undefined && !isList) continue;
      const { matches, matchesWithin } = selector!.plain!;
      if (!(this.#isScoped ? matchesWithin : matches)(element, this.#memory)) continue;
      if (found === undefined) this.#matches[at] = [element];
      else found.push(element);
      if (!isList) this.#open -= 1;
    }
  }
}

/** The text of an element; scripts and style sheets in it are no text, unless it is one itself. */
export function textOf(element: ParentNode): string {
  let text = '';
  for (const node of element.children) {
    if (node.type === 'text') text += node.data;
    else if (node.type !== 'script' && node.type !== 'style' && hasChildren(node)) text += textOf(node);
  }
  return text;
}

/** White space is cut at the ends, and is one blank elsewhere. */
export function collapsed(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Also for a field that is called `__proto__`. */
function define(values: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true });
  else values[name] = value;
}

function missingFields({ url }: ReadingPlace, missing: readonly string[]): CatenaError {
  const named = missing.slice(0, MAX_NAMED);
  const others = missing.length - named.length;
  const list = `${named.map((path) => `"${path}"`).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  return new CatenaError('parse.missing_fields', `nothing on ${url} matches ${list}`, {
    class: 'retryable',
    data: { url, fields: named, count: missing.length },
    remedy: 'look at the page and mend the selectors; for a field that pages may lack, give optional or a default',
  });
}

function wrongValue({ url }: ReadingPlace, path: string, text: string, thrown: unknown): CatenaError {
  const excerpt = text.length <= EXCERPT_CHARS ? text : `${text.slice(0, EXCERPT_CHARS)}…`;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new CatenaError('parse.wrong_field', `the field "${path}" of ${url} cannot be read: ${why}`, {
    class: 'retryable',
    cause: thrown,
    data: { url, field: path, text: excerpt },
    ...(thrown instanceof CatenaError && thrown.remedy !== undefined ? { remedy: thrown.remedy } : {}),
  });
}
