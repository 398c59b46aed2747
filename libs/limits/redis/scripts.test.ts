/** A script's contract is written once, in its header, and held equal to its binding. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHeader } from '../../../test/lua/header.ts';
import { LUA_DIRECTORY, readScript } from '../../coordination/redis/scripts/source.ts';
import { LIMIT_SCRIPTS } from './scripts.ts';

it('every script of shared limits has one binding', () => {
  const files = readdirSync(join(LUA_DIRECTORY, 'limits')).map((name) => `limits/${name}`);
  expect(LIMIT_SCRIPTS.map(({ file }) => file).sort()).toEqual(files.sort());
});

describe.each(LIMIT_SCRIPTS.map((script) => [script.name, script] as const))('%s', (name, script) => {
  const text = readFileSync(join(LUA_DIRECTORY, script.file), 'utf8');
  const header = parseHeader(text);

  it('has a header without a fault, equal to its binding', () => {
    expect(header.problems).toEqual([]);
    const { keys, args, table, codes } = header;
    expect({ name: header.name, file: script.file, keys, args, table, codes }).toEqual({ ...script });
    expect(script.name).toBe(name);
  });

  it('answers the codes of its table, and uses one key', () => {
    const answered = [...text.matchAll(/reply\((\d), '([A-Z_]+)'/g)].map(([, code, word]) => [word, Number(code)]);
    expect(new Set(answered.map(([word]) => word))).toEqual(
      new Set(Object.keys(script.codes).filter((word) => word !== '')),
    );
    for (const [word, code] of answered) expect(script.codes[word as string]).toBe(code);
    expect([...text.matchAll(/redis\.call\('(?!TIME)\w+', (\S+?)[,)]/g)].map(([, key]) => key)).not.toHaveLength(0);
    for (const [, key] of text.matchAll(/redis\.call\('\w+', (\S+?)[,)]/g)) expect(key).toBe('KEYS[1]');
    expect(readScript(script).sha).toMatch(/^[0-9a-f]{40}$/);
  });
});
