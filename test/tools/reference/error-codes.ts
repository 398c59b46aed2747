/**
 * Every error code of the product, read off its source. A code stands in one of these forms, and nowhere else:
 *
 *     new CatenaError('a.code', `a message`, { class: 'retryable', remedy: 'a sentence' })
 *     toCatenaError(thrown, 'a.code', 'retryable')
 *     'a.code': { class: 'retryable', says: 'a message', remedy: 'a sentence' }     an entry of a table
 *     ['a.code', 'retryable', 'a remedy']                                           an entry of a list
 *     { code: 'a.code', severity, message, remedy }                                 a finding about a server
 *
 * In the first two it may be an expression that spells the codes that it chooses from, or names a constant or a table of the
 * file that does.
 */
import type { SourceFile } from '../../architecture/source-tree.ts';
import type { Token } from '../../architecture/tokens.ts';

export interface ErrorCode {
  readonly code: string;
  /** `retryable`, `fatal`, `skip`, several of them, or a placeholder. */
  readonly class: string;
  /** With `{name}` for what is put in. */
  readonly message: string;
  readonly remedy: string;
  /** The file that makes it. */
  readonly path: string;
}

const CODE = /^[a-z]+(?:\.[a-z][a-z\d_]*)+$/;
const CLASSES = new Set(['retryable', 'fatal', 'skip']);

/** Where an error is made of what came from elsewhere: a code that this process did not choose. */
const PASSED_ON = [
  'libs/errors/catena-error.ts',
  'libs/modules/load/author-file.ts',
  'services/parser/another-download.ts',
  'libs/stage/messages/chain-error.ts',
  'libs/workers/wire-error.ts',
  'libs/transport/grpc/error-from-status.ts',
  'services/module-processor/dispatch-call.ts',
];

/** The codes by file, in the order of the sources; throws for an error whose code cannot be read. */
export function errorCodesIn(files: readonly SourceFile[]): ErrorCode[] {
  return files.flatMap(({ path, tokens }) =>
    tokens.flatMap((_, at) => codesAt(tokens, at, path).map((found) => ({ ...found, path }))),
  );
}

type Found = Omit<ErrorCode, 'path'>;

function codesAt(tokens: readonly Token[], at: number, path: string): Found[] {
  const [token, next] = [tokens[at]!, tokens[at + 1]];
  if (token.text === 'new' && next?.text === 'CatenaError' && tokens[at + 2]?.text === '(') {
    return ofConstructor(argumentsFrom(tokens, at + 3), tokens, path);
  }
  if (token.text === 'toCatenaError' && next?.text === '(' && tokens[at - 1]?.text !== 'function') {
    return ofConversion(argumentsFrom(tokens, at + 2), tokens);
  }
  if (!isCode(token)) return [];
  if (next?.text === ':' && tokens[at + 2]?.text === '{') return ofTable(token.text, objectFrom(tokens, at + 3));
  if (tokens[at - 1]?.text === '[' && next?.text === ',') return ofList(token.text, argumentsFrom(tokens, at));
  if (tokens[at - 2]?.text === 'code' && tokens[at - 1]?.text === ':') {
    return ofFinding(token.text, objectFrom(tokens, at - 2));
  }
  return [];
}

function ofConstructor(args: readonly (readonly Token[])[], tokens: readonly Token[], path: string): Found[] {
  const [codeTokens = [], messageTokens = [], optionTokens = []] = args;
  const codes = spelledCodes(codeTokens, tokens);
  if (codes.length === 0 && !isTableEntry(codeTokens, tokens) && !PASSED_ON.includes(path)) {
    const line = codeTokens[0]?.line ?? 0;
    throw new Error(
      `${path}:${line} makes an error whose code cannot be read: spell it there, or in a table of the file`,
    );
  }
  const options = optionsOf(optionTokens, tokens);
  return codes.map((code) => ({
    code,
    class: classText(options.get('class')),
    message: textOf(messageTokens),
    remedy: textOf(options.get('remedy') ?? []),
  }));
}

/** The options of an error, with what a constant of the file spreads into them; undefined classes are unknown ones. */
function optionsOf(optionTokens: readonly Token[], tokens: readonly Token[]): Map<string, readonly Token[]> {
  if (optionTokens.length > 0 && optionTokens[0]!.text !== '{') return new Map([['class', optionTokens]]);
  const spread = argumentsFrom(optionTokens, 1).flatMap((property) =>
    property[0]!.text === '.' && property.length === 4 ? [...constantObject(property[3]!.text, tokens)] : [],
  );
  return new Map([...spread, ...objectFrom(optionTokens, 1)]);
}

/** The properties of `const name = { … }`; none when the file has no such constant. */
function constantObject(name: string, tokens: readonly Token[]): Map<string, readonly Token[]> {
  const at = tokens.findIndex(({ text }, index) => text === name && tokens[index - 1]?.text === 'const');
  return at !== -1 && tokens[at + 2]?.text === '{' ? objectFrom(tokens, at + 3) : new Map();
}

/** Codes in an expression, or in what it names: a constant, `UNEXPECTED`, or a table, `THREW[site.call]`. */
function spelledCodes(expression: readonly Token[], tokens: readonly Token[]): string[] {
  const spelled = codesOf(expression);
  if (spelled.length > 0) return spelled;
  const [name, next] = expression;
  const at = tokens.findIndex(({ text }, index) => text === name?.text && tokens[index - 1]?.text === 'const');
  if (at === -1) return [];
  if (next === undefined) return codesOf(tokens.slice(at + 2, at + 3));
  const open = tokens.findIndex(({ text }, index) => index > at && text === '{');
  return next.text === '[' ? argumentsFrom(tokens, open + 1).flatMap(codesOf) : [];
}

function codesOf(expression: readonly Token[]): string[] {
  return expression.filter(isCode).map(({ text }) => text);
}

/** `code`, where the file has a table or a list of them: its entries are read where they stand. */
function isTableEntry(expression: readonly Token[], tokens: readonly Token[]): boolean {
  return expression.length === 1 && expression[0]!.text === 'code' && tokens.some(isCode);
}

function ofConversion(args: readonly (readonly Token[])[], tokens: readonly Token[]): Found[] {
  const [, codeTokens = [], classTokens = []] = args;
  return spelledCodes(codeTokens, tokens).map((code) => ({
    code,
    class: classText(classTokens),
    message: '{thrown}',
    remedy: '',
  }));
}

function ofTable(code: string, entry: ReadonlyMap<string, readonly Token[]>): Found[] {
  if (!entry.has('class')) return [];
  const says = entry.get('says');
  const message = says === undefined ? textOf(entry.get('message') ?? []) : `{url} ${textOf(says)}`;
  return [{ code, class: classText(entry.get('class')), message, remedy: textOf(entry.get('remedy') ?? []) }];
}

function ofList(code: string, [, classTokens = [], remedyTokens = []]: readonly (readonly Token[])[]): Found[] {
  const [only] = classTokens;
  if (classTokens.length !== 1 || only?.kind !== 'string' || !CLASSES.has(only.text)) return [];
  return [{ code, class: only.text, message: '{message}', remedy: textOf(remedyTokens) }];
}

function ofFinding(code: string, entry: ReadonlyMap<string, readonly Token[]>): Found[] {
  if (!entry.has('severity')) return [];
  const severity = (entry.get('severity') ?? []).filter(({ kind }) => kind === 'string').map(({ text }) => text);
  const [message, remedy] = [textOf(entry.get('message') ?? []), textOf(entry.get('remedy') ?? [])];
  return [{ code, class: severity.join(' or '), message, remedy }];
}

function classText(tokens: readonly Token[] | undefined): string {
  if (tokens === undefined) return 'fatal';
  const spelled = tokens.filter(({ kind, text }) => kind === 'string' && CLASSES.has(text)).map(({ text }) => text);
  return spelled.length > 0 ? [...new Set(spelled)].join(' or ') : 'depends';
}

const isCode = ({ kind, text }: Token): boolean => kind === 'string' && CODE.test(text);

const OPENING = new Set(['(', '[', '{']);
const CLOSING = new Set([')', ']', '}']);

/** The expressions between commas from `start` to the bracket that closes around it. */
function argumentsFrom(tokens: readonly Token[], start: number): Token[][] {
  const found: Token[][] = [[]];
  let open = 0;
  for (const token of tokens.slice(start)) {
    const isMark = token.kind === 'punctuation';
    if (isMark && CLOSING.has(token.text) && open === 0) break;
    if (isMark && OPENING.has(token.text)) open += 1;
    if (isMark && CLOSING.has(token.text)) open -= 1;
    if (isMark && token.text === ',' && open === 0) found.push([]);
    else found.at(-1)!.push(token);
  }
  return found.filter((expression) => expression.length > 0);
}

/** The properties of an object from behind its brace; one in short form is its own name. */
function objectFrom(tokens: readonly Token[], start: number): Map<string, readonly Token[]> {
  return new Map(
    argumentsFrom(tokens, start).map((property) => [
      property[0]!.text,
      property[1]?.text === ':' ? property.slice(2) : property.slice(0, 1),
    ]),
  );
}

/** An expression as the text that it makes: `{name}` for what is put in, `… or …` for what is chosen. */
function textOf(expression: readonly Token[]): string {
  const depth = Math.min(...expression.map((token) => token.depth));
  const choice = expression.findIndex(
    ({ text, depth: at }, index) => text === '?' && at === depth && isChoice(expression, index),
  );
  if (choice !== -1) return choices(expression.slice(choice + 1), depth);
  let text = '';
  let inserted: Token[] = [];
  const insert = (): void => {
    if (inserted.length > 0) text += placeholder(inserted);
    inserted = [];
  };
  for (const token of expression) {
    if (token.kind === 'string' && token.depth === depth) {
      insert();
      text += token.text;
    } else if (token.text !== '+' || token.depth !== depth) inserted.push(token);
  }
  insert();
  return unescaped(text);
}

/** A question mark that chooses: not `?.`, `??`. */
function isChoice(expression: readonly Token[], index: number): boolean {
  const around = [expression[index - 1]?.text, expression[index + 1]?.text];
  return !around.includes('?') && expression[index + 1]?.text !== '.';
}

function choices(expression: readonly Token[], depth: number): string {
  const colon = expression.findIndex(
    ({ text, kind, depth: at }) => kind === 'punctuation' && text === ':' && at === depth,
  );
  if (colon === -1) return textOf(expression);
  const [first, second] = [textOf(expression.slice(0, colon)), textOf(expression.slice(colon + 1))];
  return [first, second].filter((text) => text !== '' && text !== '{undefined}').join(' / ');
}

/** Methods say how something is put in, not what. */
const METHODS = new Set([
  'join',
  'map',
  'slice',
  'at',
  'toFixed',
  'toWellFormed',
  'getServer',
  'length',
  'toLowerCase',
]);

/** What is put in, by the last name in it: `{url}` of `page.url`, `{site}` of `nameOf(site)`. */
function placeholder(tokens: readonly Token[]): string {
  if (tokens.some(({ text }) => text === '?' || text === '=')) return '…';
  const word = tokens.filter(({ kind, text }) => kind === 'word' && !METHODS.has(text) && !/^\d/.test(text)).at(-1);
  return word === undefined ? '…' : `{${word.text}}`;
}

function unescaped(text: string): string {
  return text.replaceAll('\\n', ' ').replace(/\\(.)/g, '$1');
}
