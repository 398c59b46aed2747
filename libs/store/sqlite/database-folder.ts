import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CatenaError } from '../../errors/catena-error.ts';

/** Creates the folder of a database file. Throws `store.unwritable`. */
export async function makeDatabaseFolder(path: string): Promise<void> {
  if (path === ':memory:') return;
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (thrown) {
    throw new CatenaError('store.unwritable', `the folder of ${path} cannot be created: ${(thrown as Error).message}`, {
      cause: thrown,
      remedy: 'name a file with --db in a writable folder',
    });
  }
}
