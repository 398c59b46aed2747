/** Which alerts have been told and not yet ended, so that nobody is told twice. */
import type { Alert } from './alert.ts';

/** Keys kept; the one told first is forgotten first, and would be told again. */
export const MAX_STANDING = 10_000;

export class StandingAlerts {
  readonly #grades = new Map<string, Alert['grade']>();

  /** Whether an alert says something new. It counts as told from then on. */
  tell({ key, grade }: Pick<Alert, 'key' | 'grade'>): boolean {
    const before = this.#grades.get(key);
    if (grade === 'resolved') {
      this.#grades.delete(key);
      return true;
    }
    if (before === grade || before === 'critical') return false;
    this.#grades.set(key, grade);
    if (this.#grades.size > MAX_STANDING) this.#grades.delete(this.#grades.keys().next().value!);
    return true;
  }

  /** It was not told after all. */
  forget({ key, grade }: Pick<Alert, 'key' | 'grade'>): void {
    if (this.#grades.get(key) === grade) this.#grades.delete(key);
  }
}
