/**
 * Named points where a test can kill the process, as `kill -9` does. An unarmed point costs one comparison.
 */
export const FAILPOINTS = [
  'claim.before',
  'claim.after',
  'items.before_write',
  'items.after_write',
  'commit.before',
  'commit.after',
  'publish.before',
  'publish.after',
  'ack.before',
  'ack.after',
  'transaction.before_commit',
  'transaction.after_commit',
  'decide.before',
  'decide.after',
  'settle.before',
  'settle.after',
  'export.before_offset',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

let armed: Failpoint | undefined;
let hitsLeft = 0;

/** Arms one point: the process is killed the `hit`-th time it is passed, counted from 1. */
export function armFailpoint(point: Failpoint, hit: number): void {
  armed = point;
  hitsLeft = hit;
}

/** Marks a point where a test may kill the process. */
export function failpoint(point: Failpoint): void {
  if (armed !== point) return;
  hitsLeft -= 1;
  if (hitsLeft === 0) process.kill(process.pid, 'SIGKILL');
}
