/** What the figures are held against. A goal that is missed is said so, in the table and in a profile. */
import { figure, table } from '../table.ts';

export interface Goal {
  readonly what: string;
  readonly found: number;
  readonly unit: string;
  /** Where less is better: at most so much; otherwise at least. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

export function isMet({ found, atMost, atLeast }: Goal): boolean {
  return found <= (atMost ?? Number.POSITIVE_INFINITY) && found >= (atLeast ?? Number.NEGATIVE_INFINITY);
}

export function goalsTable(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => {
    const { what, found, unit, atMost, atLeast } = goal;
    const digits = unit === '×' ? 2 : 1;
    const bound = atMost === undefined ? `≥ ${figure(atLeast!, digits)}` : `≤ ${figure(atMost, digits)}`;
    return [what, `${bound} ${unit}`, `${figure(found, digits)} ${unit}`, isMet(goal) ? 'met' : 'MISSED'];
  });
  return table(['goal', 'wanted', 'found', ''], rows);
}
