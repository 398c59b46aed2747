/** Reads the Lua scripts and puts in front of each the fragments that its header asks for. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Script } from './script.ts';

export const LUA_DIRECTORY = join(import.meta.dirname, '../../../../lua');

export interface ScriptSource {
  readonly text: string;
  /** What Redis knows the script by. */
  readonly sha: string;
}

/** The whole text of a script, as Redis gets it. */
export function readScript({ file }: Pick<Script, 'file'>, directory = LUA_DIRECTORY): ScriptSource {
  const body = readFileSync(join(directory, file), 'utf8');
  const included = /^-- INCLUDE (.+)$/m.exec(body)?.[1]?.split(' ') ?? [];
  const fragments = included.map((path) => readFileSync(join(directory, path), 'utf8'));
  const text = [...fragments, body].map(withoutComments).join('\n');
  return { text, sha: hash('sha1', text) };
}

/** Comments are for readers: they would be parsed and sent for nothing. */
function withoutComments(lua: string): string {
  return lua
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--') && line.trim() !== '')
    .join('\n');
}
