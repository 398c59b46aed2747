/** The classes into which priorities fall. Within a class nobody goes first. */

export const LOWEST_PRIORITY = -1_000;
export const HIGHEST_PRIORITY = 1_000;

export type PriorityClass = 'low' | 'normal' | 'high';

/** The class of nearly all runs is first. */
export const PRIORITY_CLASSES = ['normal', 'high', 'low'] as const satisfies readonly PriorityClass[];

/** A negative priority is low, 0 and none are normal, a positive one is high. */
export function priorityClass(priority = 0): PriorityClass {
  if (priority === 0) return 'normal';
  return priority < 0 ? 'low' : 'high';
}

/** How often a class is served beside the others. Never only one of them: the lowest gets its share. */
export const CLASS_WEIGHT: Readonly<Record<PriorityClass, number>> = { low: 1, normal: 4, high: 16 };
