/** Reads the Lua scripts, and prepends the fragments that each header includes. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Script } from './script.ts';

export const LUA_DIRECTORY = join(import.meta.dirname, '../../../../lua');

export interface ScriptSource {
  readonly text: string;
  /** The hash by which Redis knows the script. */
  readonly sha: string;
}

/** The complete text of a script, as sent to Redis. */
export function readScript({ file }: Pick<Script, 'file'>, directory = LUA_DIRECTORY): ScriptSource {
  const body = readFileSync(join(directory, file), 'utf8');
  const included = /^-- INCLUDE (.+)$/m.exec(body)?.[1]?.split(' ') ?? [];
  const fragments = included.map((path) => readFileSync(join(directory, path), 'utf8'));
  const text = [...fragments, body].map(withoutComments).join('\n');
  return { text, sha: hash('sha1', text) };
}

/** Removes comments, which Redis need not receive and parse. */
function withoutComments(lua: string): string {
  return lua
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--') && line.trim() !== '')
    .join('\n');
}
