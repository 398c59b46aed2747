// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sources that are looked at hold templates.
import { describe, expect, it } from 'vitest';
import { sourceFile } from '../architecture/source-tree.ts';
import { commandsPage } from './reference/commands.ts';
import { configurationPage } from './reference/configuration.ts';
import { errorCodesIn } from './reference/error-codes.ts';
import { errorsPage, unreadCodes } from './reference/errors.ts';
import { messagesPage } from './reference/messages.ts';
import { stalePages } from './reference.ts';

const codesIn = (text: string) => errorCodesIn([sourceFile('libs/a/a.ts', text)]);

describe('error codes are read', () => {
  it('of an error, with its class, its message and its remedy', () => {
    const source =
      'throw new CatenaError("a.b", `the page ${page.url} has ${known.join(", ")}`, { class: "retryable", data: { class: 1 }, remedy: "wait, or stop" });';
    expect(codesIn(source)).toEqual([
      {
        code: 'a.b',
        class: 'retryable',
        message: 'the page {url} has {known}',
        remedy: 'wait, or stop',
        path: 'libs/a/a.ts',
      },
    ]);
  });

  it.each([
    ['without options', "new CatenaError('a.b', text)", { class: 'fatal', message: '{text}', remedy: '' }],
    ['of a choice', "new CatenaError(x ? 'a.b' : 'a.b', y ? 'one' : `two ${z}`)", { message: 'one / two {z}' }],
    ['of what was thrown', "toCatenaError(thrown, 'a.b', 'skip')", { class: 'skip', message: '{thrown}' }],
    ['of a table', "const K = { 'a.b': { class: 'fatal', says: 'fails' } };", { message: '{url} fails' }],
    ['of a list', "const K = { '08': ['a.b', 'retryable', 'wait'] };", { class: 'retryable', remedy: 'wait' }],
    ['of a finding', "f({ code: 'a.b', severity: 'error', message: 'old', remedy: 'new' })", { class: 'error' }],
    ['of a constant', "const U = 'a.b'; new CatenaError(U, '')", { class: 'fatal' }],
    ['of a table of names', "const T = { x: 'a.b' } as const; new CatenaError(T[y], '')", { class: 'fatal' }],
    ['whose class is decided there', "new CatenaError('a.b', '', { class: classOf(x) })", { class: 'depends' }],
    [
      'with what is spread into its options',
      "const about = { class: 'skip' } as const; new CatenaError('a.b', '', { ...about })",
      { class: 'skip' },
    ],
  ])('%s', (_form, source, wanted) => {
    expect(codesIn(source)).toContainEqual(expect.objectContaining({ code: 'a.b', ...wanted }));
  });

  it('or the page is refused', () => {
    expect(() => codesIn('new CatenaError(`a.${kind}`, "")')).toThrow('libs/a/a.ts:1 makes an error whose code');
    expect(() => codesIn('new CatenaError(codeOf(x), "")')).toThrow('cannot be read');
    const hidden = [sourceFile('libs/a/a.ts', "new CatenaError('a.b', ''); const c = 'a.hidden';")];
    expect(unreadCodes(hidden, errorCodesIn(hidden))).toEqual(['libs/a/a.ts:1 spells a.hidden']);
    expect(() => errorsPage(hidden)).toThrow('a.hidden');
  });
});

describe('reference pages', () => {
  it('that are missing or different are found', () => {
    const pages = new Map([
      ['a.md', 'a'],
      ['b.md', 'b'],
      ['c.md', 'c'],
    ]);
    const written = new Map([
      ['a.md', 'a'],
      ['b.md', 'B'],
    ]);
    expect(stalePages(pages, (name) => written.get(name))).toEqual(['b.md', 'c.md']);
  });

  it('have what is in the code', () => {
    expect(commandsPage()).toContain('## catena run\n');
    expect(commandsPage()).not.toContain('--again');
    expect(configurationPage()).toMatch(/^\| `retry\.attempts` \| `CATENA_RETRY_ATTEMPTS` \| .* \| `3` \| /m);
  });

  it('refuse a message whose fields say nothing', () => {
    const file = {
      name: 'catena/v1/a.proto',
      package: 'catena.v1',
      messageType: [{ name: 'A', field: [{ name: 'x', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING' }] }],
      sourceCodeInfo: { location: [{ path: [4, 0, 2, 0], leadingComments: ' What it is.\n On two lines.\n' }] },
    };
    expect(messagesPage({ file: [file] })).toContain('| 1 | `x` | `string` | What it is. On two lines. |');
    expect(() => messagesPage({ file: [{ ...file, sourceCodeInfo: { location: [] } }] })).toThrow('A.x');
  });
});
