import { CatenaError } from './catena-error.ts';

/**
 * Whether an assertion of the engine was violated: what is stored does not fit together. Whoever meets it stops what it does to
 * that node, and nothing else. The code is `<part>.invariant_broken`.
 */
export function isInvariantBroken(thrown: unknown): thrown is CatenaError {
  return thrown instanceof CatenaError && thrown.code.endsWith('.invariant_broken');
}
