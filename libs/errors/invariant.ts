import { CatenaError } from './catena-error.ts';

/**
 * Whether an error is a violated invariant: the stored state is inconsistent. The caller stops the work on that node only. The
 * code is `<part>.invariant_broken`.
 */
export function isInvariantBroken(thrown: unknown): thrown is CatenaError {
  return thrown instanceof CatenaError && thrown.code.endsWith('.invariant_broken');
}
