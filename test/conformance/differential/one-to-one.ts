/** Names that two sides choose freely, such as tokens: each name of one side stands for exactly one of the other. */
export class OneToOne {
  readonly #rightOf = new Map<string, string>();
  readonly #leftOf = new Map<string, string>();

  /** Pairs two names at their first sight; false when either has been paired with another one. Empty stands for empty. */
  pair(left: string, right: string): boolean {
    if (left === '' || right === '') return left === right;
    const isNew = !this.#rightOf.has(left) && !this.#leftOf.has(right);
    if (isNew) {
      this.#rightOf.set(left, right);
      this.#leftOf.set(right, left);
    }
    return this.#rightOf.get(left) === right;
  }

  /** What the right side calls it; a name that neither side has given is the same for both. */
  toRight(left: string): string {
    return this.#rightOf.get(left) ?? left;
  }

  /** What the left side calls it; a name that was never paired is marked as the right side's own. */
  toLeft(right: string): string {
    return right === '' ? '' : (this.#leftOf.get(right) ?? `right:${right}`);
  }
}
