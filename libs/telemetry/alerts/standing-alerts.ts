/** Which alerts have been told and not yet ended, so that nobody is told twice. */
import { RecentMap } from '../../concurrency/recent-map.ts';
import type { Alert } from './alert.ts';

/** Keys kept; one that goes would be told again. */
export const MAX_STANDING = 10_000;

export class StandingAlerts {
  readonly #grades = new RecentMap<string, Alert['grade']>(MAX_STANDING);

  /** Whether an alert says something new. It counts as told from then on. */
  tell({ key, grade }: Pick<Alert, 'key' | 'grade'>): boolean {
    const before = this.#grades.get(key);
    if (grade === 'resolved') {
      this.#grades.delete(key);
      return true;
    }
    if (before === grade || before === 'critical') return false;
    this.#grades.set(key, grade);
    return true;
  }

  /** It was not told after all. */
  forget({ key, grade }: Pick<Alert, 'key' | 'grade'>): void {
    if (this.#grades.get(key) === grade) this.#grades.delete(key);
  }
}
