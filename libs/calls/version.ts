/** Orders versions of modules by Semantic Versioning. */
import semver from 'semver';

/** A contract's version may have leading zeros in a prerelease, as 1.0.0-01: only the order matters here. */
const OPTIONS = { loose: true };

/** Below 0 if `a` comes before `b`, above 0 if after. */
export function compareVersions(a: string, b: string): number {
  return semver.compare(a, b, OPTIONS);
}

/** Whether a version is a prerelease, such as 2.0.0-rc.1. */
export function isPrerelease(version: string): boolean {
  return semver.prerelease(version, OPTIONS) !== null;
}
