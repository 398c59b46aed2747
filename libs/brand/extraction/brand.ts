/** What a user says about a brand: nothing is ever derived from it, least of all from its domain. */
export interface Brand {
  /** The name under which findings are reported; it is also looked for. */
  readonly name: string;
  /** Other spellings, product lines that count as the brand. */
  readonly aliases?: readonly string[];
  /**
   * Texts in which the name means something else: 小米粥 for 小米. One that holds the name takes its place; one that does
   * not (pie for Apple) takes away a mention directly beside it.
   */
  readonly negativeContexts?: readonly string[];
  /** Whether a model number may follow a Latin spelling without a space (vivoX100). Default true. */
  readonly trailingModel?: boolean;
  /**
   * Whether a Latin spelling counts only as it is given, or in capitals throughout. Default: for spellings with a capital that are
   * ordinary words (Notion is not notion).
   */
  readonly caseSensitive?: boolean;
  /** Registrable domains that the brand owns: they tell owned sources from others. */
  readonly domains?: readonly string[];
}

/** A mention that counts; offsets are UTF-16 units of the original text, the end exclusive. */
export interface Mention {
  /** Position of the brand in the list that was given. */
  readonly brand: number;
  readonly start: number;
  readonly end: number;
}
