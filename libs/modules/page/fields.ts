/** Compiles what `page.extract` is given: every mistake in it is found here, with the field that has it. */
import { CatenaError } from '../../errors/catena-error.ts';
import { isRecord } from '../check/is-record.ts';
import { kindOf } from '../check/schema-check.ts';
import type { Field, Fields, RecordField, ValueField } from '../contract/reading.ts';
import { type CompiledSelector, compileSelector } from './select/compile.ts';

/** Fields that are looked for in one place, by how their matches can be told. */
export interface FieldGroup {
  readonly fields: readonly CompiledField[];
  /** Which fields may match an element, by its tag and by its classes; and those that may match any. */
  readonly byTag: ReadonlyMap<string, readonly CompiledField[]>;
  readonly byClass: ReadonlyMap<string, readonly CompiledField[]>;
  readonly others: readonly CompiledField[];
  /** Those that are found by searches of their own, and those that are the element itself. */
  readonly apart: readonly CompiledField[];
  /** How many fields end their search with the first match; undefined if one needs all matches. */
  readonly singles: number | undefined;
  readonly usesScope: boolean;
}

/** A field without what its declaration holds as values, so that equal declarations share it. */
export interface CompiledField {
  /** Its place in its group. */
  readonly at: number;
  readonly name: string;
  readonly path: string;
  readonly selector: CompiledSelector | undefined;
  readonly isList: boolean;
  readonly attr: string | undefined;
  readonly isRaw: boolean;
  readonly isOptional: boolean;
  readonly inner: FieldGroup | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(['select', 'attr', 'as', 'fields', 'optional', 'default', 'raw']);
const MAX_KEPT = 1_000;
const MAX_NESTING = 32;

const byIdentity = new WeakMap<Fields, [html?: FieldGroup, xml?: FieldGroup]>();
const byContent = new Map<string, FieldGroup>();

/** The group of a declaration, compiled on its first use. Throws `module.wrong_fields`. */
export function compileFields(fields: Fields, xml: boolean): FieldGroup {
  if (!isRecord(fields))
    throw wrongField('', `it is ${kindOf(fields)}`, 'give an object of fields, such as { title: "h1" }');
  const place = xml ? 1 : 0;
  const known = byIdentity.get(fields)?.[place];
  if (known !== undefined) return known;
  // A declaration written inside of `parse` is another object for each page, and yet always the same.
  const content = `${xml ? 'xml' : 'html'}${contentOf(fields, '', 0)}`;
  let group = byContent.get(content);
  if (group === undefined) {
    group = groupOf(fields, '', xml);
    if (byContent.size >= MAX_KEPT) byContent.clear();
    byContent.set(content, group);
  }
  const both = byIdentity.get(fields) ?? [];
  both[place] = group;
  byIdentity.set(fields, both);
  return group;
}

/** The one field that a list is of, or the field itself. */
export function oneOf(field: Field | undefined): ValueField | RecordField {
  const one = Array.isArray(field) ? (field[0] as ValueField | RecordField | string) : field;
  return typeof one === 'string' ? { select: one } : ((one ?? {}) as ValueField | RecordField);
}

/** Checks a declaration on the way, since what is not right has no content to compare. */
function contentOf(fields: Fields, around: string, nesting: number): string {
  if (nesting > MAX_NESTING)
    throw wrongField(around, `it nests deeper than ${MAX_NESTING}`, 'give fewer levels of fields');
  let content = '{';
  for (const [name, field] of Object.entries(fields)) {
    const path = pathOf(around, name);
    checkField(field, path);
    const { select, attr, raw, optional, fields: inner } = oneOf(field);
    const marks = `${Array.isArray(field) ? 'l' : ''}${raw ? 'r' : ''}${optional === true || hasDefault(field) ? 'o' : ''}`;
    const innerContent = inner === undefined ? '' : contentOf(inner, innerPath(path, field), nesting + 1);
    content += `${JSON.stringify([name, select ?? null, attr ?? null, marks])}${innerContent},`;
  }
  return `${content}}`;
}

function groupOf(declared: Fields, around: string, xml: boolean): FieldGroup {
  const fields = Object.entries(declared).map(([name, field], at) => fieldOf(field, name, at, around, xml));
  const byTag = new Map<string, CompiledField[]>();
  const byClass = new Map<string, CompiledField[]>();
  const others: CompiledField[] = [];
  const apart: CompiledField[] = [];
  for (const field of fields) {
    const { selector } = field;
    const hint = selector?.plain?.hint;
    if (selector === undefined || selector.positional.length > 0 || selector.startsBeside) apart.push(field);
    else if (hint === undefined) others.push(field);
    else push(hint.kind === 'tag' ? byTag : byClass, hint.name, field);
  }
  const swept = fields.filter((field) => !apart.includes(field));
  return {
    fields,
    byTag,
    byClass,
    others,
    apart,
    singles: swept.some(({ isList }) => isList) ? undefined : swept.length,
    usesScope: swept.some(({ selector }) => selector?.plain?.usesScope === true),
  };
}

function push(map: Map<string, CompiledField[]>, key: string, field: CompiledField): void {
  const fields = map.get(key);
  if (fields === undefined) map.set(key, [field]);
  else fields.push(field);
}

function fieldOf(field: Field, name: string, at: number, around: string, xml: boolean): CompiledField {
  const path = pathOf(around, name);
  const { select, attr, raw, optional, fields } = oneOf(field);
  return {
    at,
    name,
    path,
    selector: select === undefined ? undefined : selectorOf(select, path, xml),
    isList: Array.isArray(field),
    attr: xml ? attr : attr?.toLowerCase(),
    isRaw: raw === true,
    isOptional: optional === true || hasDefault(field),
    inner: fields === undefined ? undefined : groupOf(fields, innerPath(path, field), xml),
  };
}

function selectorOf(select: string, path: string, xml: boolean): CompiledSelector {
  try {
    return compileSelector(select, xml);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw wrongField(path, `its selector ${JSON.stringify(select)} is none: ${why}`, 'give a CSS selector');
  }
}

function checkField(field: unknown, path: string): void {
  if (typeof field === 'string') {
    if (field === '') throw wrongField(path, 'its selector is empty', 'give a CSS selector');
    return;
  }
  if (Array.isArray(field)) {
    if (field.length !== 1 || Array.isArray(field[0])) {
      throw wrongField(path, `it is a list of ${field.length}`, 'give the one field that each match has: [".item"]');
    }
    const [one] = field as [unknown];
    if (isRecord(one) && (one.optional !== undefined || 'default' in one)) {
      throw wrongField(
        path,
        'what a list is of cannot be optional',
        'leave out optional and default: a list without matches is empty',
      );
    }
    if (isRecord(one) && one.select === undefined)
      throw wrongField(path, 'it is a list without select', 'say what each match is');
    checkField(one, path);
    return;
  }
  if (!isRecord(field))
    throw wrongField(path, `it is ${kindOf(field)}`, 'give a selector, an object with select, or a list of one');
  const unknown = Object.keys(field).find((key) => !KNOWN.has(key));
  if (unknown !== undefined) throw wrongField(path, `it has ${unknown}`, `a field has ${[...KNOWN].join(', ')}`);
  const { select, attr, as, fields, optional, raw } = field;
  if (select !== undefined && (typeof select !== 'string' || select === '')) {
    throw wrongField(path, `its select is ${select === '' ? 'empty' : kindOf(select)}`, 'give a CSS selector');
  }
  if (attr !== undefined && (typeof attr !== 'string' || attr === '')) {
    throw wrongField(path, `its attr is ${attr === '' ? 'empty' : kindOf(attr)}`, 'give the name of an attribute');
  }
  if (as !== undefined && typeof as !== 'function') {
    throw wrongField(path, `its as is ${kindOf(as)}`, 'give a function such as number() or url()');
  }
  for (const [key, value] of Object.entries({ optional, raw })) {
    if (value !== undefined && typeof value !== 'boolean')
      throw wrongField(path, `its ${key} is ${kindOf(value)}`, 'give true');
  }
  if (fields === undefined) return;
  if (!isRecord(fields)) throw wrongField(path, `its fields are ${kindOf(fields)}`, 'give an object of fields');
  const beside = ['attr', 'as', 'raw'].find((key) => field[key] !== undefined);
  if (beside !== undefined) throw wrongField(path, `it has fields and ${beside}`, `leave out one of them`);
}

function hasDefault(field: Field): boolean {
  return typeof field === 'object' && !Array.isArray(field) && 'default' in field;
}

function pathOf(around: string, name: string): string {
  return around === '' ? name : `${around}.${name}`;
}

function innerPath(path: string, field: Field): string {
  return Array.isArray(field) ? `${path}[]` : path;
}

function wrongField(path: string, what: string, remedy: string): CatenaError {
  const whose = path === '' ? 'the declaration' : `the field "${path}"`;
  return new CatenaError('module.wrong_fields', `${whose} of extract() is wrong: ${what}`, {
    data: { field: path },
    remedy,
  });
}
