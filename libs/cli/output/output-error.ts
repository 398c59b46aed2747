import { CatenaError } from '../../errors/catena-error.ts';

/** The error of an output that cannot be opened; thrown before anything starts. */
export function unwritable(path: string, thrown: unknown): CatenaError {
  return new CatenaError('cli.unwritable_output', `${path} cannot be written: ${reasonOf(thrown)}`, {
    cause: thrown,
    data: { path },
    remedy: 'create its folder or name another file with -o',
  });
}

/** The error of an output that failed while it was written. */
export function outputError(name: string, thrown: unknown): CatenaError {
  const { code } = thrown as { readonly code?: unknown };
  const about = { cause: thrown, data: { output: name } };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new CatenaError('output.disk_full', `no space left while writing ${name}`, {
        ...about,
        remedy: 'free some space and run the same command again: it continues at the end of the file',
      });
    case 'EPIPE':
    case 'ERR_STREAM_DESTROYED':
      return new CatenaError('output.closed', `${name} was closed by its reader`, about);
    default:
      return new CatenaError('output.failed', `writing ${name} failed: ${reasonOf(thrown)}`, {
        ...about,
        remedy: 'check the disk, then run the same command again: it continues at the end of the file',
      });
  }
}

/** Whether the reader of an output has left. It asked for no more, so nothing failed. */
export function isClosedOutput(thrown: unknown): boolean {
  return thrown instanceof CatenaError && thrown.code === 'output.closed';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'its name is too long',
};

function reasonOf(thrown: unknown): string {
  const { code } = thrown as { readonly code?: unknown };
  return REASONS[String(code)] ?? (thrown instanceof Error ? thrown.message : String(thrown));
}
