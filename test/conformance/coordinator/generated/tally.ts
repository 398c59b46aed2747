import type { Step } from '../watch/reading.ts';

/** Which codes the transitions answered in generated runs: a run in which nothing happened proves nothing. */
export class Tally {
  readonly #counts = new Map<string, number>();

  note(step: Step): void {
    const key = `${step.name} ${codeOf(step)}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Of these, the ones that were never answered. */
  missing(wanted: Readonly<Record<string, readonly (number | string)[]>>): string[] {
    const keys = Object.entries(wanted).flatMap(([name, codes]) => codes.map((code) => `${name} ${code}`));
    return keys.filter((key) => !this.#counts.has(key));
  }
}

function codeOf({ outcome }: Step): number | string {
  if (typeof outcome === 'number') return outcome;
  if ('action' in outcome && outcome.code === 0) return outcome.action;
  return 'code' in outcome ? outcome.code : 'answered';
}
