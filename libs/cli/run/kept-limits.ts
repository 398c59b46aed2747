import type { RunOptions } from './options.ts';

/** What a run that is taken up again does not take over from the options of today, in words. */
export function keptLimits({ deadline, costCap }: RunOptions): string[] {
  const given = [...(deadline === undefined ? [] : ['deadline']), ...(costCap === undefined ? [] : ['cost cap'])];
  return given.map((what) => `it keeps the ${what} that it was started with, if any`);
}
