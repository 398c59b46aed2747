/** A copy of the tree, whose packages are the original's, to be broken without harm. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

export interface CopiedTree {
  readonly path: string;
  /** Throws when the patch does not apply as it stands. */
  apply(patch: string): Promise<void>;
  takeBack(patch: string): Promise<void>;
  remove(): Promise<void>;
}

const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git', '.catena', 'out', 'coverage']);
const run = promisify(execFile);

export async function copyTree(root: string): Promise<CopiedTree> {
  const path = await mkdtemp(join(tmpdir(), 'catena-mutants-'));
  const git = async (...args: readonly string[]) => void (await run('git', ['apply', ...args], { cwd: path }));
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    await cp(root, path, { recursive: true, filter: (from) => !LEFT_OUT.has(relative(root, from)) });
    await symlink(join(root, 'node_modules'), join(path, 'node_modules'));
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, apply: (patch) => git(patch), takeBack: (patch) => git('--reverse', patch), remove };
}
