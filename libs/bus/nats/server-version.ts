/** What depends on the version of nats-server. */

type Version = readonly [major: number, minor: number, patch: number];

/** Below it a change of a stream's replicas is refused: 2.9.10 damages the stream, and no later 2.9 is known not to. */
const REPLICAS_CHANGE: Version = [2, 10, 0];

export const REPLICAS_CHANGE_VERSION = REPLICAS_CHANGE.join('.');

export function canChangeReplicas(version: string): boolean {
  return isAtLeast(version, REPLICAS_CHANGE);
}

/** The first version of each line that mends CVE-2025-30215; later lines have it from the start. */
const MENDED: readonly Version[] = [
  [2, 10, 27],
  [2, 11, 1],
];

/** `2.10.27 or 2.11.1`. */
export const MENDED_VERSIONS = MENDED.map((each) => each.join('.')).join(' or ');

/**
 * Whether users of one account may reach the JetStream data of another (CVE-2025-30215). A version that cannot be read counts
 * as mended.
 */
export function isOpenToOtherAccounts(version: string): boolean {
  const read = parse(version);
  if (read === undefined) return false;
  const ofLine = MENDED.find(([major, minor]) => read[0] === major && read[1] === minor);
  return !isAtLeast(version, ofLine ?? MENDED[0]!);
}

/** Whether a version is this one or a later one; a version that cannot be read is not. */
export function isAtLeast(version: string, wanted: Version): boolean {
  const read = parse(version);
  if (read === undefined) return false;
  for (const [at, part] of read.entries()) if (part !== wanted[at]) return part > wanted[at]!;
  return true;
}

function parse(version: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}
