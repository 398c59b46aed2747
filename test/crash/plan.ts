/** When a process is to be killed; everything is drawn from the seed, so a plan can be run again. */
import { FAILPOINTS, type Failpoint } from '../../libs/failpoints/failpoint.ts';

export type Kill =
  | { readonly kind: 'moment'; readonly afterMs: number }
  | { readonly kind: 'failpoint'; readonly point: Failpoint; readonly hit: number };

export interface CrashPlan {
  /** Kills in turn; each ends one process. */
  readonly kills: readonly Kill[];
}

/** Longest wait before a kill at a random moment, in milliseconds: within a run's usual time, start-up included. */
const LONGEST_MOMENT_MS = 4_000;
/** Points that a run passes once, or nearly: only their first passings can be hit. */
const RARE: ReadonlySet<Failpoint> = new Set(['settle.before', 'settle.after']);
/** Points that are passed per failure, or some times a second, not per node. */
const SELDOM: ReadonlySet<Failpoint> = new Set(['decide.before', 'decide.after', 'export.before_offset']);

/** Every named point in turn, each second kill; between them, random moments. */
export function planCrashes(seed: number, kills: number): CrashPlan {
  const random = randomNumbers(seed);
  return {
    kills: Array.from({ length: kills }, (_, at): Kill => {
      if (at % 2 === 1) return { kind: 'moment', afterMs: Math.round(200 + random() * LONGEST_MOMENT_MS) };
      const point = FAILPOINTS[(at / 2) % FAILPOINTS.length]!;
      return { kind: 'failpoint', point, hit: hitOf(point, random) };
    }),
  };
}

function hitOf(point: Failpoint, random: () => number): number {
  if (RARE.has(point)) return 1;
  return 1 + Math.floor(random() * (SELDOM.has(point) ? 5 : 300));
}

/** Uniform numbers in [0, 1) from a seed (a 32-bit xorshift). */
export function randomNumbers(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
