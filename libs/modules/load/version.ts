/** Versions as Semantic Versioning 2.0.0 orders them (its section 11). */

/** Below 0 if `a` comes before `b`, above 0 if after. */
export function compareVersions(a: string, b: string): number {
  const [coreA, preA] = split(a);
  const [coreB, preB] = split(b);
  return compareParts(coreA, coreB) || comparePrereleases(preA, preB);
}

/** Whether a version is one of those before a release: 2.0.0-rc.1. */
export function isPrerelease(version: string): boolean {
  return split(version)[1].length > 0;
}

function split(version: string): [core: string[], prerelease: string[]] {
  const dash = version.indexOf('-');
  if (dash === -1) return [version.split('.'), []];
  return [version.slice(0, dash).split('.'), version.slice(dash + 1).split('.')];
}

/** A release comes after its prereleases. */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0);
  return compareParts(a, b);
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    const order = comparePart(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers by value and before words, words by their characters. */
function comparePart(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
