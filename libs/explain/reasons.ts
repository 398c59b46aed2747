/** The reasons of an explanation, and the numbers and times in their sentences. */

import type { TaskMark } from '../store/port.ts';

/** Why nodes of a step wait for a retry. */
export interface WaitingFailure {
  readonly code: string;
  /** Of one of the nodes. */
  readonly message: string;
  readonly stepIdx: number;
}

/** One reason why a run has not ended, or a part of its state. */
export interface RunReason {
  /** Stable. */
  readonly code: string;
  /** A sentence. */
  readonly text: string;
  /** The module that it concerns; absent for the whole run. */
  readonly moduleId?: string;
  /** How many nodes it concerns. */
  readonly nodes?: number;
  /** Unix milliseconds of the next change, if known. */
  readonly atMs?: number;
  /** The failures that it is about, of one step and code. */
  readonly failure?: WaitingFailure;
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `1 node waits`, `2 nodes wait`. */
export function subject(count: number, noun: string, verb: { readonly one: string; readonly many: string }): string {
  return `${countOf(count, noun)} ${count === 1 ? verb.one : verb.many}`;
}

const UNITS = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** `in 5 s`, `2 min ago`, `now`: rounded to the largest unit that fits. */
export function fromNow(atMs: number, nowMs: number): string {
  const distanceMs = Math.abs(atMs - nowMs);
  const unit = UNITS.find(([, unitMs]) => distanceMs >= unitMs);
  if (unit === undefined) return 'now';
  const [name, unitMs] = unit;
  const count = Math.round(distanceMs / unitMs);
  const length = name === 'day' ? countOf(count, name) : `${count} ${name}`;
  return atMs > nowMs ? `in ${length}` : `${length} ago`;
}

/** The first few names, and how many more there are. */
export function listOf(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length <= most ? shown : `${shown} and ${names.length - most} more`;
}

/** Who has terminated a task, why and when, as a part of a sentence. */
export function markText({ by, reason, atMs, runId }: TaskMark): string {
  const who = by === 'threshold' ? `in run ${runId}` : `by ${by}`;
  return `${reason} (${who}, ${new Date(atMs).toISOString()})`;
}
