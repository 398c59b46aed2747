/** Checks when the later phases of a contract open early. */
import type { PhaseDefinition } from '../contract/definition.ts';
import { isRecord } from './is-record.ts';

/** A day: longer than any run waits for its first report. */
const MAX_EARLY_MS = 86_400_000;

interface Declared {
  readonly steps: readonly { readonly kind: 'fetch' | 'compute' }[];
  readonly phases: readonly PhaseDefinition[];
}

export function earlyProblems(early: unknown, { steps, phases }: Declared): string[] {
  if (early === undefined) return [];
  if (!isRecord(early)) return ['early: give { atMs }, the milliseconds from the acceptance of the run'];
  const { atMs, ...rest } = early;
  const problems = Object.keys(rest).map((field) => `early.${field}: unknown field; early has atMs`);
  if (!(Number.isSafeInteger(atMs) && Number(atMs) > 0 && Number(atMs) <= MAX_EARLY_MS)) {
    problems.push(
      `early.atMs ${JSON.stringify(atMs)}: give a whole number of milliseconds above 0, at most ${MAX_EARLY_MS}`,
    );
  }
  const opens = phases.slice(1).some((phase) => steps[phase.steps[0]!]?.kind === 'compute');
  if (!opens) {
    problems.push(
      'early: no later phase begins with a compute step, so nothing would be computed early: add a phase such as ["report"] with a computeStep',
    );
  }
  return problems;
}
