/** A script's contract is written once, in its header, and held equal to its binding. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENTS } from '../../libs/contracts/events.ts';
import { SCRIPTS } from '../../libs/coordination/redis/index.ts';
import type { Script } from '../../libs/coordination/redis/scripts/script.ts';
import { LUA_DIRECTORY, readScript } from '../../libs/coordination/redis/scripts/source.ts';
import { LIMIT_SCRIPTS } from '../../libs/limits/redis/scripts.ts';
import { parseHeader } from './header.ts';

const read = (path: string) => readFileSync(join(LUA_DIRECTORY, path), 'utf8');
/** Paths in `lua/`: those of the scripts, then those of the fragments that they include. */
const luaFiles = readdirSync(LUA_DIRECTORY, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.lua'),
);
const scriptFiles = luaFiles.filter((path) => !path.startsWith('lib/')).sort();
const fragmentFiles = luaFiles.filter((path) => path.startsWith('lib/')).sort();

const ALL: readonly Script[] = [...SCRIPTS, ...LIMIT_SCRIPTS];
const bindings: readonly (readonly [string, Script])[] = ALL.map((script) => [script.name, script]);

describe('the scripts', () => {
  it('each have one binding, and each binding has its script', () => {
    expect(ALL.map(({ file }) => file).sort()).toEqual(scriptFiles);
  });

  it('use every fragment', () => {
    const used = new Set(ALL.flatMap(({ file }) => parseHeader(read(file)).includes));
    expect([...used].sort()).toEqual(fragmentFiles);
  });
});

describe.each(bindings)('%s', (name, script) => {
  const text = read(script.file);
  const header = parseHeader(text);

  it('has a header without a fault', () => {
    expect(header.problems).toEqual([]);
    expect(header.name).toBe(name);
  });

  it('takes the keys and arguments that its binding passes', () => {
    expect({ keys: header.keys, args: header.args }).toEqual({ keys: script.keys, args: script.args });
  });

  it('answers the codes of its table', () => {
    expect({ table: header.table, codes: header.codes }).toEqual({ table: script.table, codes: script.codes });
    const answered = [...text.matchAll(/(?:reply\(|answer\(|\{ )(\d), '([A-Z_]+)'/g)].map(([, code, word]) => [
      word,
      Number(code),
    ]);
    expect(answered.length).toBeGreaterThan(0);
    for (const [word, code] of answered) expect(script.codes[word as string], `${word}`).toBe(code);
  });

  it('is read whole: fragments first, in the order of its header, without comments', () => {
    const { text: whole, sha } = readScript(script);
    const places = header.includes.map((path) => whole.indexOf(firstCode(read(path))));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(whole).not.toMatch(/^\s*--/m);
    expect(sha).toMatch(/^[0-9a-f]{40}$/);
  });
});

describe('events in Lua', () => {
  const versions = [...read('lib/events.lua').matchAll(/(\w+) = (\d+)/g)].map(([, type, version]) => [
    type,
    Number(version),
  ]);
  const emitted = luaFiles.flatMap((path) =>
    [...read(path).matchAll(/emit(?:OfStep)?\(\w+, '(\w+)'/g)].map(([, type]) => type!),
  );

  it('have the names and versions of the contract', () => {
    expect(versions.length).toBeGreaterThan(0);
    for (const [type, version] of versions) {
      expect(EVENTS[type as keyof typeof EVENTS], String(type)).toMatchObject({ type, version });
    }
  });

  it('that are told are those with a version', () => {
    expect([...new Set(emitted)].sort()).toEqual(versions.map(([type]) => type).sort());
  });
});

describe('the reader of headers', () => {
  const good = [
    '-- x_y: does it.',
    '-- INCLUDE lib/core.lua',
    '-- KEYS[1] run  the run',
    '-- KEYS[2..] due*  sets',
    '-- KEYS[..] node  the node',
    '-- ARGV[1] now  the time',
    '-- CODES XCode 0 OK, 1 NOT_OK',
    '-- EFFECTS none',
    '',
    'return 1',
  ];
  const problemsWithout = (at: number, ...instead: string[]) =>
    parseHeader(good.toSpliced(at, 1, ...instead).join('\n')).problems;

  it('takes one that is as it should be', () => {
    expect(parseHeader(good.join('\n'))).toEqual({
      name: 'x_y',
      includes: ['lib/core.lua'],
      keys: ['run', 'due*', 'node'],
      args: ['now'],
      table: 'XCode',
      codes: { OK: 0, NOT_OK: 1 },
      problems: [],
    });
  });

  it('finds what is missing, misnumbered, out of order or unknown', () => {
    for (const at of [0, 1, 6, 7]) expect(problemsWithout(at), good[at]).toHaveLength(1);
    expect(problemsWithout(2, '-- KEYS[2] run  the run')).toHaveLength(1);
    expect(problemsWithout(4, '-- KEYS[3] node  the node')).toHaveLength(1);
    expect(problemsWithout(5, '-- ARGV[2] now  the time')).toHaveLength(1);
    expect(problemsWithout(5, '-- A remark')).toHaveLength(1);
    expect(problemsWithout(7, '-- EFFECTS none', '-- CODES YCode 0 OK')).not.toEqual([]);
  });
});

function firstCode(lua: string): string {
  return lua.split('\n').find((line) => line.trim() !== '' && !line.startsWith('--'))!;
}
