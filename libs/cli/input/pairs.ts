import { CatenaError } from '../../errors/catena-error.ts';

/** `k=v` arguments by key; the value is everything after the first `=`. Throws `cli.bad_pair`, `cli.repeated_key`. */
export function parsePairs(pairs: readonly string[], option: string): ReadonlyMap<string, string> {
  const byKey = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) {
      throw new CatenaError('cli.bad_pair', `${option} got "${pair}", which is not key=value`, {
        remedy: `write ${option} name=value; quote it if it contains spaces`,
      });
    }
    const key = pair.slice(0, at);
    if (byKey.has(key)) {
      throw new CatenaError('cli.repeated_key', `${option} names "${key}" twice`, { remedy: 'give it once' });
    }
    byKey.set(key, pair.slice(at + 1));
  }
  return byKey;
}
