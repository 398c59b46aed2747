/** A mutant: a break of the protocol as a patch, with a header that says what it breaks and which suite must notice. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface Suite {
  /** A project of vitest. */
  readonly project: 'unit' | 'system';
  readonly file: string;
}

export interface Mutant {
  readonly name: string;
  readonly path: string;
  readonly breaks: string;
  readonly invariant: string;
  readonly suite: Suite;
}

const FOLDER = join(import.meta.dirname, 'patches');

/** All of them, by name. Throws when a header is not as it should be. */
export async function readMutants(folder = FOLDER): Promise<Mutant[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.patch')).sort();
  return await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return parseMutant(path, await readFile(path, 'utf8'));
    }),
  );
}

export function parseMutant(path: string, text: string): Mutant {
  const [header = ''] = text.split(/^--- /m, 1);
  const field = (name: string): string => {
    const value = new RegExp(`^${name}: (.+)$`, 'm').exec(header)?.[1];
    if (value === undefined) throw new Error(`${path}: its header has no line "${name}: …"`);
    return value;
  };
  const [project, file, ...rest] = field('suite').split(' ');
  if ((project !== 'unit' && project !== 'system') || file === undefined || rest.length > 0) {
    throw new Error(`${path}: its suite is not "unit FILE" or "system FILE"`);
  }
  return {
    ...{ path, name: basename(path, '.patch'), suite: { project, file } },
    breaks: field('breaks'),
    invariant: field('invariant'),
  };
}
