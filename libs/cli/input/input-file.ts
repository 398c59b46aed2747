/** Reads the input of a run from a file or from standard input. */
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parse as parseYaml } from 'yaml';
import { CatenaError } from '../../errors/catena-error.ts';

/** An object from a JSON or YAML file; `-` is standard input. Throws `cli.bad_input_file`. */
export async function readInputFile(path: string, stdin: Readable): Promise<Readonly<Record<string, unknown>>> {
  const name = path === '-' ? 'standard input' : path;
  const source = await (path === '-' ? text(stdin) : readFile(path, 'utf8')).catch((thrown: unknown) => {
    throw bad(`${name} cannot be read: ${messageOf(thrown)}`, thrown);
  });
  let value: unknown;
  try {
    // JSON first: YAML accepts most JSON, but its error messages are worse.
    value = path.endsWith('.json') ? JSON.parse(source) : parseYaml(source);
  } catch (thrown) {
    throw bad(`${name} is not valid ${path.endsWith('.json') ? 'JSON' : 'YAML or JSON'}: ${messageOf(thrown)}`, thrown);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(`${name} does not contain an object with the input's fields`);
  }
  return value as Record<string, unknown>;
}

function bad(message: string, cause?: unknown): CatenaError {
  return new CatenaError('cli.bad_input_file', message, {
    remedy: 'give a .json or .yaml file that contains one object, or - for standard input',
    ...(cause === undefined ? {} : { cause }),
  });
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
}
